//! The SFTP requests of one session: reading is served, everything else is refused and written down.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use russh_sftp::protocol::{
    Attrs, Data, File, FileAttributes, Handle, Name, OpenFlags, Packet, Status, StatusCode, Version,
};
use tokio::sync::watch;

use super::faults::Moment;
use super::log::SftpEvent;
use super::open_file::{OpenFile, hostile_attributes};
use super::tree::ClientPath;
use super::{Shared, Socket};

/// Most bytes that one read is answered with. OpenSSH's client refuses packets above 256 KiB; a quarter of that is
/// twice what it asks for by default, and libssh2 asks for less.
const MAX_READ: u32 = 64 * 1024;

/// Entries per answer to a readdir: with names of 300 bytes, given twice each, about 70 KiB and so below 256 KiB.
const ENTRIES_PER_ANSWER: usize = 100;

/// Open handles per session, as a client that never closes should notice; OpenSSH's server has a similar bound.
const MAX_HANDLES: usize = 1000;

type Answer<T> = Result<T, StatusCode>;

/// One SFTP session.
pub(super) struct Files {
    shared: Arc<Shared>,
    socket: Arc<Socket>,
    /// Closes when the SSH session is gone; a stalled read waits for that and nothing else.
    session_alive: watch::Receiver<()>,
    handles: HashMap<String, Open>,
    next_handle: u64,
}

enum Open {
    File(OpenFile),
    Folder(std::vec::IntoIter<File>),
}

impl Files {
    pub(super) fn new(shared: Arc<Shared>, socket: Arc<Socket>, session_alive: watch::Receiver<()>) -> Self {
        Self { shared, socket, session_alive, handles: HashMap::new(), next_handle: 0 }
    }

    /// Reads a path, and writes down when it tries to leave the top.
    fn path(&self, asked: &str) -> ClientPath {
        let path = ClientPath::parse(asked);
        if path.climbed {
            self.shared.log.add(SftpEvent::Climbed(asked.to_owned()));
        }
        path
    }

    fn refuse_path(&self, asked: &str, error: &io::Error) -> StatusCode {
        self.shared.log.add(SftpEvent::Refused(asked.to_owned()));
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => StatusCode::NoSuchFile,
            io::ErrorKind::PermissionDenied => StatusCode::PermissionDenied,
            _ => StatusCode::Failure,
        }
    }

    fn refuse_write<T>(&self, operation: &'static str, path: &str) -> Answer<T> {
        self.shared.log.add(SftpEvent::AttemptedWrite { operation, path: path.to_owned() });
        Err(StatusCode::PermissionDenied)
    }

    fn keep(&mut self, open: Open) -> Answer<String> {
        if self.handles.len() >= MAX_HANDLES {
            return Err(StatusCode::Failure);
        }
        self.next_handle += 1;
        let handle = self.next_handle.to_string();
        self.handles.insert(handle.clone(), open);
        Ok(handle)
    }

    fn describe(&self, asked: &str, follow: bool) -> Answer<FileAttributes> {
        if self.shared.faults.is_hostile(asked) {
            return Ok(hostile_attributes());
        }
        let path = self.path(asked);
        let found = if follow {
            self.shared.tree.follow(&path).and_then(|real| real.metadata())
        } else {
            self.shared.tree.describe_link(&path)
        };
        let metadata = found.map_err(|error| self.refuse_path(asked, &error))?;
        Ok(self.with_claimed_size(&path.absolute, FileAttributes::from(&metadata)))
    }

    fn with_claimed_size(&self, path: &str, mut attributes: FileAttributes) -> FileAttributes {
        if let Some(size) = self.shared.faults.wrong_size(path) {
            attributes.size = Some(size);
        }
        attributes
    }

    fn open_to_read(&self, asked: &str) -> Answer<OpenFile> {
        if self.shared.faults.is_hostile(asked) {
            return Ok(OpenFile::hostile(asked));
        }
        let path = self.path(asked);
        let opened = self.shared.tree.follow(&path).and_then(|real| OpenFile::on_disk(path.absolute, &real));
        opened.map_err(|error| self.refuse_path(asked, &error))
    }

    fn list(&self, path: &ClientPath) -> io::Result<Vec<File>> {
        let mut entries = self.shared.tree.list(path)?;
        for entry in &mut entries {
            let full = format!("{}/{}", path.absolute.trim_end_matches('/'), entry.filename);
            let attributes = self.with_claimed_size(&full, entry.attrs.clone());
            *entry = File::new(std::mem::take(&mut entry.filename), attributes);
        }
        let hostile = self.shared.faults.extra_names(&path.absolute);
        entries.extend(hostile.into_iter().map(|name| File::new(name, hostile_attributes())));
        Ok(entries)
    }

    /// How many of the bytes wanted may be sent now; the faults of the file decide.
    async fn allowance(&self, path: &str, served: u64, wanted: u64) -> Answer<u64> {
        let faults = &self.shared.faults;
        if self.socket.is_cut() {
            return Err(StatusCode::ConnectionLost);
        }
        if let Some(delay) = faults.read_delay(path) {
            tokio::time::sleep(delay).await;
        }
        let mut allowed = wanted;
        if let Some(bytes) = faults.drop_after(path) {
            if served < bytes {
                allowed = allowed.min(bytes - served);
            } else if faults.strike_drop(path) {
                self.shared.log.add(SftpEvent::Dropped(path.to_owned()));
                self.socket.cut();
                return Err(StatusCode::ConnectionLost);
            }
        }
        if let Some(bytes) = faults.stall_after(path) {
            if served >= bytes {
                self.shared.log.add(SftpEvent::Stalled(path.to_owned()));
                self.wait_for_the_end().await;
                return Err(StatusCode::ConnectionLost);
            }
            allowed = allowed.min(bytes - served);
        }
        Ok(allowed)
    }

    /// Returns when the client has gone or the server stops.
    async fn wait_for_the_end(&self) {
        let mut alive = self.session_alive.clone();
        while alive.changed().await.is_ok() {}
    }
}

fn done(id: u32) -> Status {
    Status { id, status_code: StatusCode::Ok, error_message: "Ok".to_owned(), language_tag: "en".to_owned() }
}

impl russh_sftp::server::Handler for Files {
    type Error = StatusCode;

    fn unimplemented(&self) -> StatusCode {
        StatusCode::OpUnsupported
    }

    async fn init(&mut self, _version: u32, _extensions: HashMap<String, String>) -> Answer<Version> {
        Ok(Version::new())
    }

    async fn realpath(&mut self, id: u32, path: String) -> Answer<Name> {
        let absolute = self.path(&path).absolute;
        Ok(Name { id, files: vec![File::dummy(absolute)] })
    }

    async fn stat(&mut self, id: u32, path: String) -> Answer<Attrs> {
        Ok(Attrs { id, attrs: self.describe(&path, true)? })
    }

    async fn lstat(&mut self, id: u32, path: String) -> Answer<Attrs> {
        Ok(Attrs { id, attrs: self.describe(&path, false)? })
    }

    async fn fstat(&mut self, id: u32, handle: String) -> Answer<Attrs> {
        let Some(Open::File(open)) = self.handles.get(&handle) else {
            return Err(StatusCode::Failure);
        };
        let attributes = open.attributes().map_err(|_| StatusCode::Failure)?;
        Ok(Attrs { id, attrs: self.with_claimed_size(&open.path, attributes) })
    }

    async fn opendir(&mut self, id: u32, path: String) -> Answer<Handle> {
        if self.shared.faults.cuts_now(Moment::Listing) {
            self.shared.log.add(SftpEvent::Cut(Moment::Listing));
            self.socket.cut();
            return Err(StatusCode::ConnectionLost);
        }
        let folder = self.path(&path);
        let entries = self.list(&folder).map_err(|error| self.refuse_path(&path, &error))?;
        self.shared.log.add(SftpEvent::Listed(folder.absolute));
        Ok(Handle { id, handle: self.keep(Open::Folder(entries.into_iter()))? })
    }

    async fn readdir(&mut self, id: u32, handle: String) -> Answer<Name> {
        let Some(Open::Folder(entries)) = self.handles.get_mut(&handle) else {
            return Err(StatusCode::Failure);
        };
        let files: Vec<File> = entries.take(ENTRIES_PER_ANSWER).collect();
        if files.is_empty() { Err(StatusCode::Eof) } else { Ok(Name { id, files }) }
    }

    async fn open(&mut self, id: u32, path: String, flags: OpenFlags, _: FileAttributes) -> Answer<Handle> {
        if !OpenFlags::READ.contains(flags) {
            return self.refuse_write("open for writing", &path);
        }
        let file = self.open_to_read(&path)?;
        self.shared.log.add(SftpEvent::Opened(file.path.clone()));
        Ok(Handle { id, handle: self.keep(Open::File(file))? })
    }

    async fn read(&mut self, id: u32, handle: String, offset: u64, len: u32) -> Answer<Data> {
        let Some(Open::File(open)) = self.handles.get(&handle) else {
            return Err(StatusCode::Failure);
        };
        let allowed = self.allowance(&open.path, open.served, u64::from(len.min(MAX_READ))).await?;
        let Some(Open::File(open)) = self.handles.get_mut(&handle) else {
            return Err(StatusCode::Failure);
        };
        let data = open.read(offset, allowed).map_err(|_| StatusCode::Failure)?;
        if data.is_empty() {
            if open.ends_now() {
                self.shared.log.add(SftpEvent::ReadToEnd(open.path.clone()));
            }
            return Err(StatusCode::Eof);
        }
        Ok(Data { id, data })
    }

    async fn close(&mut self, id: u32, handle: String) -> Answer<Status> {
        self.handles.remove(&handle).map(|_| done(id)).ok_or(StatusCode::Failure)
    }

    async fn write(&mut self, _: u32, handle: String, _: u64, _: Vec<u8>) -> Answer<Status> {
        self.refuse_write("write", &handle)
    }

    async fn setstat(&mut self, _: u32, path: String, _: FileAttributes) -> Answer<Status> {
        self.refuse_write("setstat", &path)
    }

    async fn fsetstat(&mut self, _: u32, handle: String, _: FileAttributes) -> Answer<Status> {
        self.refuse_write("fsetstat", &handle)
    }

    async fn remove(&mut self, _: u32, path: String) -> Answer<Status> {
        self.refuse_write("remove", &path)
    }

    async fn mkdir(&mut self, _: u32, path: String, _: FileAttributes) -> Answer<Status> {
        self.refuse_write("mkdir", &path)
    }

    async fn rmdir(&mut self, _: u32, path: String) -> Answer<Status> {
        self.refuse_write("rmdir", &path)
    }

    async fn rename(&mut self, _: u32, from: String, _to: String) -> Answer<Status> {
        self.refuse_write("rename", &from)
    }

    async fn symlink(&mut self, _: u32, link: String, _target: String) -> Answer<Status> {
        self.refuse_write("symlink", &link)
    }

    /// No extension is offered. Those that are known to change files are written down under their name.
    async fn extended(&mut self, _: u32, request: String, _: Vec<u8>) -> Answer<Packet> {
        const CHANGING: [&str; 5] = [
            "posix-rename@openssh.com",
            "hardlink@openssh.com",
            "lsetstat@openssh.com",
            "copy-data",
            "fsync@openssh.com",
        ];
        if CHANGING.contains(&request.as_str()) {
            return self.refuse_write("extended", &request);
        }
        Err(StatusCode::OpUnsupported)
    }
}
