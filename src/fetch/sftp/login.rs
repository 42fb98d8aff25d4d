//! Logging in, once the host is known to be the right one. What the server says about it may be told; the secret never is.

use std::fs::File;

use ssh2::{ErrorCode, KeyboardInteractivePrompt, Prompt, Session};

use crate::fetch::FetchError;
use crate::fetch::bounds::quoted;
use crate::fetch::endpoint::Trouble;
use crate::fetch::source::{Auth, Secret, SftpOptions};

// Codes of libssh2 (libssh2.h) that mean "not with these credentials".
const PASSWORD_EXPIRED: i32 = -15;
const FILE: i32 = -16;
const AUTHENTICATION_FAILED: i32 = -18;
const PUBLICKEY_UNVERIFIED: i32 = -19;
const KEYFILE_AUTH_FAILED: i32 = -48;

/// Logs in and tells by which method.
pub(super) fn log_in(session: &Session, options: &SftpOptions) -> Result<&'static str, Trouble> {
    let offered = session.auth_methods(&options.username).map(str::to_owned);
    if session.authenticated() {
        return Ok("none");
    }
    let offered = offered.map_err(|error| Trouble::Broken(format!("logging in: {}", error.message())))?;
    let offers = |method: &str| offered.split(',').any(|known| known == method);
    let user = options.username.as_str();
    let (method, result) = match &options.auth {
        Auth::Password(secret) if offers("password") => ("password", session.userauth_password(user, secret.expose())),
        // A refused password is not sent again by another method: it would count twice where accounts get locked.
        Auth::Password(secret) if offers("keyboard-interactive") => {
            ("keyboard-interactive", session.userauth_keyboard_interactive(user, &mut Answering(Some(secret))))
        }
        Auth::PrivateKey { path, passphrase } if offers("publickey") => {
            File::open(path).map_err(|error| {
                FetchError::Configuration(format!(
                    "source.private_key_file: `{}` cannot be read: {error}",
                    path.display()
                ))
            })?;
            let passphrase = passphrase.as_ref().map(Secret::expose);
            ("publickey", session.userauth_pubkey_file(user, None, path, passphrase))
        }
        Auth::Password(_) => return Err(not_offered(options, "a password", &offered)),
        Auth::PrivateKey { .. } => return Err(not_offered(options, "a private key", &offered)),
    };
    match result {
        Ok(()) if session.authenticated() => Ok(method),
        Ok(()) => Err(refused(options, method, "it asks for a further method as well", &offered)),
        Err(error) => Err(trouble(options, method, &error, &offered)),
    }
}

fn trouble(options: &SftpOptions, method: &str, error: &ssh2::Error, offered: &str) -> Trouble {
    match (error.code(), &options.auth) {
        (ErrorCode::Session(FILE), Auth::PrivateKey { path, .. }) => {
            Trouble::Fatal(FetchError::Configuration(format!(
                "source.private_key_file: `{}` cannot be used: it is no private key in PEM or OpenSSH form, or its \
                 passphrase is wrong or missing",
                path.display()
            )))
        }
        (
            ErrorCode::Session(AUTHENTICATION_FAILED | PUBLICKEY_UNVERIFIED | PASSWORD_EXPIRED | KEYFILE_AUTH_FAILED),
            _,
        ) => refused(options, method, error.message(), offered),
        _ => Trouble::Broken(format!("logging in: {}", error.message())),
    }
}

fn refused(options: &SftpOptions, method: &str, why: &str, offered: &str) -> Trouble {
    Trouble::Fatal(FetchError::Unreachable(format!(
        "{}: the server refused the login of `{}` by {method} ({why}); it offers `{}`; check the user name and the secret, \
         and ask Antom's technical support whether the account is still enabled (it is disabled after 90 days without a \
         login) and this machine's address registered",
        options.address(),
        options.username.escape_debug(),
        quoted(offered.as_bytes())
    )))
}

fn not_offered(options: &SftpOptions, what: &str, offered: &str) -> Trouble {
    Trouble::Fatal(FetchError::Unreachable(format!(
        "{}: the server does not let `{}` log in with {what}; it offers `{}`; configure one of these, or ask Antom's \
         technical support",
        options.address(),
        options.username.escape_debug(),
        quoted(offered.as_bytes())
    )))
}

/// Answers the first prompt for a hidden text with the password, and anything else with nothing.
struct Answering<'a>(Option<&'a Secret>);

impl KeyboardInteractivePrompt for Answering<'_> {
    fn prompt<'a>(&mut self, _user: &str, _instructions: &str, prompts: &[Prompt<'a>]) -> Vec<String> {
        let mut answer = |prompt: &Prompt<'a>| {
            let secret = if prompt.echo { None } else { self.0.take() };
            secret.map(|secret| secret.expose().to_owned()).unwrap_or_default()
        };
        prompts.iter().map(&mut answer).collect()
    }
}
