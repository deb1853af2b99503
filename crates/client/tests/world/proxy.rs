//! What stands between a desktop and the relay: a proxy that keeps answers back, says nothing,
//! or asks to wait with reading; and a real nginx.

use super::{Relay, until};
use std::{
    net::SocketAddr,
    process::{Child, Command, Stdio},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// nginx writes what it has kept once a buffer of this size is full (`proxy_buffers`).
const BUFFER_BYTES: usize = 4_096;

/// What a proxy does with answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Proxying {
    /// As nginx does by default: an answer is kept until there is enough of it, unless it asks
    /// for the contrary.
    LikeNginx,
    /// The same, whatever the answer asks for.
    KeepsEverything,
    /// Every connection stays open, and nothing is passed on.
    Silent,
    /// Reading is refused with a long wait, writing is not.
    ReadLater,
}

/// A proxy in this process.
pub struct Proxy {
    address: SocketAddr,
    does: watch::Sender<Proxying>,
}

impl Proxy {
    pub async fn before(relay: &Relay, does: Proxying) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let relay = relay.address();
        let does = watch::Sender::new(does);
        let seen = does.subscribe();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass_on(client, relay, seen.clone()));
            }
        });
        Self { address, does }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on does something else; connections that were silent break off.
    pub fn does(&self, does: Proxying) {
        self.does.send_replace(does);
    }
}

/// One request and its answer.
async fn pass_on(
    client: TcpStream,
    relay: SocketAddr,
    mut does: watch::Receiver<Proxying>,
) -> Option<()> {
    let passing = pass_on_as(client, relay, does.clone());
    tokio::pin!(passing);
    loop {
        if *does.borrow_and_update() == Proxying::Silent {
            // Neither side hears anything until the silence ends, and then the end.
            does.wait_for(|does| *does != Proxying::Silent).await.ok()?;
            return None;
        }
        tokio::select! {
            done = &mut passing => return done,
            changed = does.changed() => changed.ok()?,
        }
    }
}

async fn pass_on_as(
    mut client: TcpStream,
    relay: SocketAddr,
    does: watch::Receiver<Proxying>,
) -> Option<()> {
    let mut request = Vec::new();
    let end = read_head(&mut client, &mut request).await?;
    let head = String::from_utf8(request[..end].to_vec()).ok()?;
    let length = header(&head, "content-length").map_or(0, |text| text.parse().unwrap());
    while request.len() < end + length {
        client.read_buf(&mut request).await.ok().filter(|read| *read > 0)?;
    }
    if *does.borrow() == Proxying::ReadLater && head.starts_with("GET") {
        let answer = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 600\r\n\
            content-length: 0\r\nconnection: close\r\n\r\n";
        return client.write_all(answer.as_bytes()).await.ok();
    }
    let mut onward = TcpStream::connect(relay).await.ok()?;
    let head = head.replacen("\r\n", "\r\nconnection: close\r\n", 1);
    onward.write_all(head.as_bytes()).await.ok()?;
    onward.write_all(&request[end..]).await.ok()?;

    let mut answer = Vec::new();
    let end = read_head(&mut onward, &mut answer).await?;
    let head = String::from_utf8(answer[..end].to_vec()).ok()?;
    let asked = header(&head, "x-accel-buffering") == Some("no");
    let keeps = *does.borrow() == Proxying::KeepsEverything || !asked;
    loop {
        if !keeps || answer.len() >= BUFFER_BYTES {
            client.write_all(&answer).await.ok()?;
            answer.clear();
        }
        if onward.read_buf(&mut answer).await.ok()? == 0 {
            return client.write_all(&answer).await.ok();
        }
    }
}

/// Reads until the head is whole, and says where it ends.
async fn read_head(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<usize> {
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            return Some(end + 4);
        }
        stream.read_buf(bytes).await.ok().filter(|read| *read > 0)?;
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    fields.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, v)| v.trim())
}

/// nginx with its defaults, as `docs/operate.md` has it in front of a relay.
pub struct Nginx {
    process: Child,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Nginx {
    pub async fn before(relay: &Relay) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let place = folder.path().display();
        // Defaults, but for where files are put.
        let places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|what| format!("{what}_temp_path {place}/{what};"))
            .join(" ");
        let configuration = format!(
            "pid {place}/pid; error_log {place}/error.log; daemon off; master_process off;\n\
             events {{}}\n\
             http {{ access_log off; {places}\n\
             server {{ listen {address}; location / {{ proxy_pass {}; }} }} }}\n",
            relay.url()
        );
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, configuration).unwrap();
        let program = ["/usr/sbin/nginx", "nginx"];
        let program = program.into_iter().find(|name| std::path::Path::new(name).exists());
        let process = Command::new(program.unwrap_or("nginx"))
            .args(["-e", &format!("{place}/error.log"), "-p", &place.to_string(), "-c"])
            .arg(&file)
            .stdin(Stdio::null())
            .spawn()
            .expect("nginx runs: `cargo xtask setup` names the package");
        let nginx = Self { process, address, _folder: folder };
        until("nginx", || std::net::TcpStream::connect(address).ok()).await;
        nginx
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
