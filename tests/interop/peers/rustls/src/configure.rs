//! From a request to rustls' configurations.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{aws_lc_rs, CryptoProvider};
use rustls::pki_types::{pem::PemObject, CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion};
use serde_json::Value;

use crate::watch::{SeenScheme, Watching};
use crate::Failure;

/// A string of the request; an absent one is empty.
pub fn text<'a>(asked: &'a Value, name: &str) -> &'a str {
    asked[name].as_str().unwrap_or_default()
}

fn codes(asked: &Value, name: &str) -> Vec<u16> {
    let listed = asked[name].as_array().into_iter().flatten();
    listed
        .filter_map(|code| code.as_u64().map(|code| code as u16))
        .collect()
}

fn protocols(asked: &Value) -> Vec<Vec<u8>> {
    let listed = asked["alpn"].as_array().into_iter().flatten();
    listed
        .filter_map(|name| name.as_str().map(|name| name.as_bytes().to_vec()))
        .collect()
}

/// The one version that was asked for, or both.
fn versions(asked: &Value) -> Vec<&'static SupportedProtocolVersion> {
    let wanted = asked["version"].as_u64();
    if wanted == Some(u64::from(u16::from(TLS12.version))) {
        vec![&TLS12]
    } else if asked["also_older"] == true {
        vec![&TLS13, &TLS12]
    } else {
        vec![&TLS13]
    }
}

/// The provider with the suites and groups that were asked for, in that order.
fn provider(asked: &Value) -> Result<Arc<CryptoProvider>, Failure> {
    let mut provider = aws_lc_rs::default_provider();
    let groups = codes(asked, "groups");
    if !groups.is_empty() {
        let all = aws_lc_rs::ALL_KX_GROUPS;
        let find = |code: &u16| {
            all.iter()
                .find(|row| u16::from(row.name()) == *code)
                .copied()
        };
        provider.kx_groups = groups.iter().filter_map(find).collect();
    }
    let suites = codes(asked, "suites");
    if !suites.is_empty() {
        let all = aws_lc_rs::ALL_CIPHER_SUITES;
        let find = |code: &u16| {
            all.iter()
                .find(|row| u16::from(row.suite()) == *code)
                .copied()
        };
        provider.cipher_suites = suites.iter().filter_map(find).collect();
    }
    Ok(Arc::new(provider))
}

fn roots(asked: &Value) -> Result<Arc<RootCertStore>, Failure> {
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(text(asked, "ca"))? {
        store.add(certificate?)?;
    }
    Ok(Arc::new(store))
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn identity(asked: &Value) -> Result<Option<Identity>, Failure> {
    if text(asked, "chain").is_empty() {
        return Ok(None);
    }
    let chain = CertificateDer::pem_file_iter(text(asked, "chain"))?.collect::<Result<_, _>>()?;
    Ok(Some((
        chain,
        PrivateKeyDer::from_pem_file(text(asked, "key"))?,
    )))
}

pub fn client_config(asked: &Value, seen: &Arc<SeenScheme>) -> Result<ClientConfig, Failure> {
    let provider = provider(asked)?;
    let inner = WebPkiServerVerifier::builder_with_provider(roots(asked)?, provider.clone());
    let verifier = Arc::new(Watching {
        inner: inner.build()? as Arc<_>,
        seen: seen.clone(),
    });
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions(asked))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match identity(asked)? {
        Some((chain, key)) => builder.with_client_auth_cert(chain, key)?,
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = protocols(asked);
    config.enable_early_data = asked["early"].is_string();
    Ok(config)
}

pub fn server_config(asked: &Value, seen: &Arc<SeenScheme>) -> Result<ServerConfig, Failure> {
    let provider = provider(asked)?;
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&versions(asked))?;
    let demand = text(asked, "client_auth");
    let builder = if demand == "none" {
        builder.with_no_client_auth()
    } else {
        let mut inner = WebPkiClientVerifier::builder_with_provider(roots(asked)?, provider);
        if demand == "optional" {
            inner = inner.allow_unauthenticated();
        }
        builder.with_client_cert_verifier(Arc::new(Watching {
            inner: inner.build()?,
            seen: seen.clone(),
        }))
    };
    let (chain, key) = identity(asked)?.ok_or("a server needs a certificate")?;
    let mut config = builder.with_single_cert(chain, key)?;
    config.alpn_protocols = protocols(asked);
    if versions(asked)[0].version == TLS12.version {
        // 1.3's early data wants sessions that are stored.
        config.ticketer = aws_lc_rs::Ticketer::new()?;
    }
    if asked["early"].is_string() {
        config.max_early_data_size = 16_384;
    }
    Ok(config)
}
