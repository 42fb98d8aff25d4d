//! The SSH side: logins, and the `sftp` subsystem as the only thing to be had.

use std::collections::HashMap;
use std::sync::Arc;

use russh::keys::PublicKey;
use russh::server::{Auth, ChannelOpenHandle, Handler, Msg, PublicKeyOffer, Session, VerifiedPublicKey};
use russh::{Channel, ChannelId};
use tokio::sync::watch;

use super::faults::Moment;
use super::files::Files;
use super::log::SftpEvent;
use super::{Shared, Socket};

/// One SSH connection.
pub(super) struct SshSession {
    shared: Arc<Shared>,
    socket: Arc<Socket>,
    channels: HashMap<ChannelId, Channel<Msg>>,
    /// Dropped with the session, which wakes stalled reads.
    alive: watch::Sender<()>,
}

impl SshSession {
    pub(super) fn new(shared: Arc<Shared>, socket: Arc<Socket>) -> Self {
        Self { shared, socket, channels: HashMap::new(), alive: watch::Sender::new(()) }
    }

    fn decide(&self, user: &str, method: &'static str, right: bool) -> bool {
        if self.shared.faults.cuts_now(Moment::Login) {
            self.shared.log.add(SftpEvent::Cut(Moment::Login));
            self.socket.cut();
        }
        let accepted = right && user == self.shared.username && !self.shared.faults.logins_refused();
        if !accepted {
            self.shared.log.add(SftpEvent::LoginRefused { user: user.to_owned(), method });
        }
        accepted
    }

    fn key_is_known(&self, key: &PublicKey) -> bool {
        let known = self.shared.authorized_key.as_ref();
        known.is_some_and(|known| known.key_data() == key.key_data())
    }

    fn refuse_command(&self, channel: ChannelId, command: &str, session: &mut Session) -> Result<(), russh::Error> {
        self.shared.log.add(SftpEvent::AttemptedWrite { operation: "exec", path: command.to_owned() });
        session.channel_failure(channel)
    }
}

fn verdict(accepted: bool) -> Auth {
    if accepted { Auth::Accept } else { Auth::reject() }
}

impl Handler for SshSession {
    type Error = russh::Error;

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, russh::Error> {
        let accepted = self.decide(user, "password", password == self.shared.password);
        if accepted {
            self.shared.log.add(SftpEvent::LoggedIn { method: "password" });
        }
        Ok(verdict(accepted))
    }

    /// Refuses keys before the client signs. Every key login passes here first, so this is where failures are counted.
    async fn auth_publickey_offered(&mut self, user: &str, offer: PublicKeyOffer<'_>) -> Result<Auth, russh::Error> {
        Ok(verdict(self.decide(user, "publickey", self.key_is_known(offer.public_key))))
    }

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, russh::Error> {
        let accepted = self.decide(user, "publickey", self.key_is_known(key.public_key));
        if accepted {
            self.shared.log.add(SftpEvent::LoggedIn { method: "publickey" });
        }
        Ok(verdict(accepted))
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), russh::Error> {
        self.channels.insert(channel.id(), channel);
        reply.accept().await;
        Ok(())
    }

    async fn channel_eof(&mut self, channel: ChannelId, session: &mut Session) -> Result<(), russh::Error> {
        session.close(channel)
    }

    async fn subsystem_request(
        &mut self,
        id: ChannelId,
        name: &str,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        let channel = if name == "sftp" { self.channels.remove(&id) } else { None };
        let Some(channel) = channel else {
            return session.channel_failure(id);
        };
        session.channel_success(id)?;
        let files = Files::new(Arc::clone(&self.shared), Arc::clone(&self.socket), self.alive.subscribe());
        russh_sftp::server::run(channel.into_stream(), files).await;
        Ok(())
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        command: &[u8],
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        self.refuse_command(channel, &String::from_utf8_lossy(command), session)
    }

    async fn shell_request(&mut self, channel: ChannelId, session: &mut Session) -> Result<(), russh::Error> {
        self.refuse_command(channel, "shell", session)
    }
}
