//! rustls as a peer of the interoperability matrix.
//!
//! One JSON object a line on standard input asks for a connection, as a client or as a server; one
//! JSON object a line on standard output answers: a server's port, then the report of what rustls
//! says about the connection. Requests run side by side and are told apart by "id".

mod configure;
mod watch;

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustls::{
    ClientConfig, ClientConnection, ConnectionCommon, HandshakeKind, ServerConfig,
    ServerConnection, SideData, StreamOwned,
};
use serde_json::{json, Value};

use configure::{client_config, server_config, text};
use watch::SeenScheme;

pub type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() {
    for line in io::stdin().lock().lines() {
        let line = line.expect("standard input is readable");
        let asked: Value = serde_json::from_str(&line).expect("a line is a JSON object");
        thread::spawn(move || match run(&asked) {
            Ok(report) => say(json!({"id": asked["id"], "report": report})),
            Err(error) => say(json!({"id": asked["id"], "error": error.to_string()})),
        });
    }
}

fn say(answer: Value) {
    println!("{answer}");
}

fn run(asked: &Value) -> Result<Value, Failure> {
    let seen = Arc::new(SeenScheme::default());
    let early = text(asked, "early").as_bytes();
    if text(asked, "role") == "client" {
        let config = CLIENTS.kept(text(asked, "sessions"), || client_config(asked, &seen))?;
        let port = asked["port"].as_u64().ok_or("port is missing")? as u16;
        let name = text(asked, "server_name").to_owned().try_into()?;
        let stream = bounded(TcpStream::connect(("127.0.0.1", port))?, asked)?;
        let mut session = ClientConnection::new(config, name)?;
        if let (Some(mut writer), false) = (session.early_data(), early.is_empty()) {
            writer.write_all(early)?;
        }
        let mut tls = StreamOwned::new(session, stream);
        let mut report = talk(&mut tls, asked, &seen, client_exchange)?;
        report["early"] = json!(tls.conn.is_early_data_accepted());
        return Ok(report);
    }
    let config = SERVERS.kept(text(asked, "sessions"), || server_config(asked, &seen))?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    say(json!({"id": asked["id"], "port": listener.local_addr()?.port()}));
    let mut stream = bounded(listener.accept()?.0, asked)?;
    let mut session = ServerConnection::new(config)?;
    while session.is_handshaking() {
        session.complete_io(&mut stream)?;
    }
    let mut came = String::new();
    if let Some(mut reader) = session.early_data() {
        reader.read_to_string(&mut came)?;
    }
    let mut tls = StreamOwned::new(session, stream);
    let mut report = talk(&mut tls, asked, &seen, server_exchange)?;
    report["early"] = json!(came);
    Ok(report)
}

/// Configurations by the name in the request: who shares one shares its sessions.
struct Kept<C>(Mutex<BTreeMap<String, Arc<C>>>);

static CLIENTS: Kept<ClientConfig> = Kept(Mutex::new(BTreeMap::new()));
static SERVERS: Kept<ServerConfig> = Kept(Mutex::new(BTreeMap::new()));

impl<C> Kept<C> {
    fn kept(
        &self,
        name: &str,
        make: impl FnOnce() -> Result<C, Failure>,
    ) -> Result<Arc<C>, Failure> {
        if name.is_empty() {
            return Ok(Arc::new(make()?));
        }
        let mut all = self.0.lock().map_err(|_| "a thread panicked")?;
        if !all.contains_key(name) {
            all.insert(name.to_owned(), Arc::new(make()?));
        }
        Ok(all[name].clone())
    }
}

fn bounded(stream: TcpStream, asked: &Value) -> Result<TcpStream, Failure> {
    let deadline = Duration::from_secs_f64(asked["deadline"].as_f64().unwrap_or(20.0));
    stream.set_read_timeout(Some(deadline))?;
    stream.set_write_timeout(Some(deadline))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

type Tls<C> = StreamOwned<C, TcpStream>;
/// How many bytes arrived and were right, and whether the other side's close_notify came.
type Exchanged = Result<(usize, bool), Failure>;

fn talk<C, S>(
    tls: &mut Tls<C>,
    asked: &Value,
    seen: &SeenScheme,
    exchange: fn(&mut Tls<C>, &Value) -> Exchanged,
) -> Result<Value, Failure>
where
    C: std::ops::DerefMut<Target = ConnectionCommon<S>>,
    S: SideData,
{
    let (received, closed) = exchange(tls, asked)?;
    let session = &tls.conn;
    let certificate = session.peer_certificates().and_then(|chain| chain.first());
    Ok(json!({
        "version": session.protocol_version().map(u16::from),
        "suite": session.negotiated_cipher_suite().map(|suite| u16::from(suite.suite())),
        "group": session.negotiated_key_exchange_group().map(|group| u16::from(group.name())),
        "scheme": seen.get(),
        "certificate": certificate.map(|der| hex(der)).unwrap_or_default(),
        "alpn": session.alpn_protocol().map(String::from_utf8_lossy).unwrap_or_default(),
        "retried": session.handshake_kind() == Some(HandshakeKind::FullWithHelloRetryRequest),
        "received": received,
        "closed": closed,
        "resumed": session.handshake_kind() == Some(HandshakeKind::Resumed),
    }))
}

fn client_exchange<C, S>(tls: &mut Tls<C>, asked: &Value) -> Exchanged
where
    C: std::ops::DerefMut<Target = ConnectionCommon<S>>,
    S: SideData,
{
    for piece in text(asked, "payload").as_bytes().chunks(25_000) {
        tls.write_all(piece)?;
        update_keys(tls, asked)?;
    }
    tls.flush()?;
    let expected = text(asked, "answer").as_bytes();
    let mut answer = vec![0; expected.len()];
    tls.read_exact(&mut answer)?;
    if answer != expected {
        return Err("the answer is not the expected one".into());
    }
    let closed = finish(tls, text(asked, "closes_first") == "client")?;
    Ok((answer.len(), closed))
}

fn server_exchange<C, S>(tls: &mut Tls<C>, asked: &Value) -> Exchanged
where
    C: std::ops::DerefMut<Target = ConnectionCommon<S>>,
    S: SideData,
{
    let expected = text(asked, "payload").as_bytes();
    let mut chunk = vec![0; 16384];
    let mut received = 0;
    while received < expected.len() {
        let count = tls.read(&mut chunk)?;
        if count == 0 || !expected[received..].starts_with(&chunk[..count]) {
            return Err(format!("the payload is not the expected one at {received}").into());
        }
        if received / 25_000 < (received + count) / 25_000 {
            update_keys(tls, asked)?;
        }
        received += count;
        tls.write_all(&chunk[..count])?;
        tls.flush()?;
    }
    let closed = finish(tls, text(asked, "closes_first") == "server")?;
    Ok((received, closed))
}

/// Changes our keys and asks for the other side's, if the request wants that.
fn update_keys<C, S>(tls: &mut Tls<C>, asked: &Value) -> Result<(), Failure>
where
    C: std::ops::DerefMut<Target = ConnectionCommon<S>>,
    S: SideData,
{
    if asked["key_updates"] == true {
        tls.conn.refresh_traffic_keys()?;
    }
    Ok(())
}

/// Exchanges close_notify and says whether the other side's came.
fn finish<C, S>(tls: &mut Tls<C>, first: bool) -> Result<bool, Failure>
where
    C: std::ops::DerefMut<Target = ConnectionCommon<S>>,
    S: SideData,
{
    if first {
        tls.conn.send_close_notify();
        tls.flush()?;
    }
    let mut rest = Vec::new();
    let closed = match tls.read_to_end(&mut rest) {
        Ok(_) => true,
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => false,
        Err(error) => return Err(error.into()),
    };
    if !rest.is_empty() {
        return Err(format!("{} bytes too many", rest.len()).into());
    }
    if !first {
        tls.conn.send_close_notify();
        tls.flush()?;
    }
    Ok(closed)
}

fn hex(data: &[u8]) -> String {
    data.iter().map(|byte| format!("{byte:02x}")).collect()
}
