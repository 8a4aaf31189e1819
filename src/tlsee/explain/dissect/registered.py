"""Names of code points that are registered and that nobody here speaks.

An offer is full of them, and a reader wants to know what is offered. Names and numbers are those of
IANA's registries; what TLS 1.2 made of two bytes, hash and signature, has the names of RFC 5246.
"""

from __future__ import annotations

from functools import cache

from tlsee.codes import CipherSuite, NamedGroup, OpenEnum, SignatureScheme

# What stands behind TLS_..._WITH_, and the suites that have it: number and what stands before.
_CIPHERS = {
    "NULL_NULL": "0000 NULL",
    "NULL_MD5": "0001 RSA",
    "NULL_SHA": (
        "0002 RSA, 002c PSK, 002d DHE_PSK, 002e RSA_PSK, c001 ECDH_ECDSA, c006 ECDHE_ECDSA, "
        "c00b ECDH_RSA, c010 ECDHE_RSA, c015 ECDH_anon, c039 ECDHE_PSK"
    ),
    "RC4_40_MD5": "0003 RSA_EXPORT, 0017 DH_anon_EXPORT, 002b KRB5_EXPORT",
    "RC4_128_MD5": "0004 RSA, 0018 DH_anon, 0024 KRB5",
    "RC4_128_SHA": (
        "0005 RSA, 0020 KRB5, 008a PSK, 008e DHE_PSK, 0092 RSA_PSK, c002 ECDH_ECDSA, c007 "
        "ECDHE_ECDSA, c00c ECDH_RSA, c011 ECDHE_RSA, c016 ECDH_anon, c033 ECDHE_PSK"
    ),
    "RC2_CBC_40_MD5": "0006 RSA_EXPORT, 002a KRB5_EXPORT",
    "IDEA_CBC_SHA": "0007 RSA, 0021 KRB5",
    "DES40_CBC_SHA": (
        "0008 RSA_EXPORT, 000b DH_DSS_EXPORT, 000e DH_RSA_EXPORT, 0011 DHE_DSS_EXPORT, 0014 "
        "DHE_RSA_EXPORT, 0019 DH_anon_EXPORT"
    ),
    "DES_CBC_SHA": (
        "0009 RSA, 000c DH_DSS, 000f DH_RSA, 0012 DHE_DSS, 0015 DHE_RSA, 001a DH_anon, 001e KRB5"
    ),
    "3DES_EDE_CBC_SHA": (
        "000a RSA, 000d DH_DSS, 0010 DH_RSA, 0013 DHE_DSS, 0016 DHE_RSA, 001b DH_anon, 001f "
        "KRB5, 008b PSK, 008f DHE_PSK, 0093 RSA_PSK, c003 ECDH_ECDSA, c008 ECDHE_ECDSA, c00d "
        "ECDH_RSA, c012 ECDHE_RSA, c017 ECDH_anon, c01a SRP_SHA, c01b SRP_SHA_RSA, c01c "
        "SRP_SHA_DSS, c034 ECDHE_PSK"
    ),
    "DES_CBC_MD5": "0022 KRB5",
    "3DES_EDE_CBC_MD5": "0023 KRB5",
    "IDEA_CBC_MD5": "0025 KRB5",
    "DES_CBC_40_SHA": "0026 KRB5_EXPORT",
    "RC2_CBC_40_SHA": "0027 KRB5_EXPORT",
    "RC4_40_SHA": "0028 KRB5_EXPORT",
    "DES_CBC_40_MD5": "0029 KRB5_EXPORT",
    "AES_128_CBC_SHA": (
        "0030 DH_DSS, 0031 DH_RSA, 0032 DHE_DSS, 0034 DH_anon, 008c PSK, 0090 DHE_PSK, 0094 "
        "RSA_PSK, c004 ECDH_ECDSA, c00e ECDH_RSA, c018 ECDH_anon, c01d SRP_SHA, c01e "
        "SRP_SHA_RSA, c01f SRP_SHA_DSS, c035 ECDHE_PSK"
    ),
    "AES_256_CBC_SHA": (
        "0036 DH_DSS, 0037 DH_RSA, 0038 DHE_DSS, 003a DH_anon, 008d PSK, 0091 DHE_PSK, 0095 "
        "RSA_PSK, c005 ECDH_ECDSA, c00f ECDH_RSA, c019 ECDH_anon, c020 SRP_SHA, c021 "
        "SRP_SHA_RSA, c022 SRP_SHA_DSS, c036 ECDHE_PSK"
    ),
    "NULL_SHA256": "003b RSA, 00b0 PSK, 00b4 DHE_PSK, 00b8 RSA_PSK, c03a ECDHE_PSK",
    "AES_128_CBC_SHA256": (
        "003e DH_DSS, 003f DH_RSA, 0040 DHE_DSS, 006c DH_anon, 00ae PSK, 00b2 DHE_PSK, 00b6 "
        "RSA_PSK, c025 ECDH_ECDSA, c029 ECDH_RSA, c037 ECDHE_PSK"
    ),
    "CAMELLIA_128_CBC_SHA": (
        "0041 RSA, 0042 DH_DSS, 0043 DH_RSA, 0044 DHE_DSS, 0045 DHE_RSA, 0046 DH_anon"
    ),
    "AES_256_CBC_SHA256": "0068 DH_DSS, 0069 DH_RSA, 006a DHE_DSS, 006d DH_anon",
    "CAMELLIA_256_CBC_SHA": (
        "0084 RSA, 0085 DH_DSS, 0086 DH_RSA, 0087 DHE_DSS, 0088 DHE_RSA, 0089 DH_anon"
    ),
    "SEED_CBC_SHA": (
        "0096 RSA, 0097 DH_DSS, 0098 DH_RSA, 0099 DHE_DSS, 009a DHE_RSA, 009b DH_anon"
    ),
    "AES_128_GCM_SHA256": (
        "00a0 DH_RSA, 00a2 DHE_DSS, 00a4 DH_DSS, 00a6 DH_anon, 00a8 PSK, 00aa DHE_PSK, 00ac "
        "RSA_PSK, c02d ECDH_ECDSA, c031 ECDH_RSA, c0b0 ECCPWD, d001 ECDHE_PSK"
    ),
    "AES_256_GCM_SHA384": (
        "00a1 DH_RSA, 00a3 DHE_DSS, 00a5 DH_DSS, 00a7 DH_anon, 00a9 PSK, 00ab DHE_PSK, 00ad "
        "RSA_PSK, c02e ECDH_ECDSA, c032 ECDH_RSA, c0b1 ECCPWD, d002 ECDHE_PSK"
    ),
    "AES_256_CBC_SHA384": (
        "00af PSK, 00b3 DHE_PSK, 00b7 RSA_PSK, c026 ECDH_ECDSA, c02a ECDH_RSA, c038 ECDHE_PSK"
    ),
    "NULL_SHA384": "00b1 PSK, 00b5 DHE_PSK, 00b9 RSA_PSK, c03b ECDHE_PSK",
    "CAMELLIA_128_CBC_SHA256": (
        "00ba RSA, 00bb DH_DSS, 00bc DH_RSA, 00bd DHE_DSS, 00be DHE_RSA, 00bf DH_anon, c072 "
        "ECDHE_ECDSA, c074 ECDH_ECDSA, c076 ECDHE_RSA, c078 ECDH_RSA, c094 PSK, c096 DHE_PSK, "
        "c098 RSA_PSK, c09a ECDHE_PSK"
    ),
    "CAMELLIA_256_CBC_SHA256": (
        "00c0 RSA, 00c1 DH_DSS, 00c2 DH_RSA, 00c3 DHE_DSS, 00c4 DHE_RSA, 00c5 DH_anon"
    ),
    "ARIA_128_CBC_SHA256": (
        "c03c RSA, c03e DH_DSS, c040 DH_RSA, c042 DHE_DSS, c044 DHE_RSA, c046 DH_anon, c048 "
        "ECDHE_ECDSA, c04a ECDH_ECDSA, c04c ECDHE_RSA, c04e ECDH_RSA, c064 PSK, c066 DHE_PSK, "
        "c068 RSA_PSK, c070 ECDHE_PSK"
    ),
    "ARIA_256_CBC_SHA384": (
        "c03d RSA, c03f DH_DSS, c041 DH_RSA, c043 DHE_DSS, c045 DHE_RSA, c047 DH_anon, c049 "
        "ECDHE_ECDSA, c04b ECDH_ECDSA, c04d ECDHE_RSA, c04f ECDH_RSA, c065 PSK, c067 DHE_PSK, "
        "c069 RSA_PSK, c071 ECDHE_PSK"
    ),
    "ARIA_128_GCM_SHA256": (
        "c050 RSA, c052 DHE_RSA, c054 DH_RSA, c056 DHE_DSS, c058 DH_DSS, c05a DH_anon, c05c "
        "ECDHE_ECDSA, c05e ECDH_ECDSA, c060 ECDHE_RSA, c062 ECDH_RSA, c06a PSK, c06c DHE_PSK, "
        "c06e RSA_PSK"
    ),
    "ARIA_256_GCM_SHA384": (
        "c051 RSA, c053 DHE_RSA, c055 DH_RSA, c057 DHE_DSS, c059 DH_DSS, c05b DH_anon, c05d "
        "ECDHE_ECDSA, c05f ECDH_ECDSA, c061 ECDHE_RSA, c063 ECDH_RSA, c06b PSK, c06d DHE_PSK, "
        "c06f RSA_PSK"
    ),
    "CAMELLIA_256_CBC_SHA384": (
        "c073 ECDHE_ECDSA, c075 ECDH_ECDSA, c077 ECDHE_RSA, c079 ECDH_RSA, c095 PSK, c097 "
        "DHE_PSK, c099 RSA_PSK, c09b ECDHE_PSK"
    ),
    "CAMELLIA_128_GCM_SHA256": (
        "c07a RSA, c07c DHE_RSA, c07e DH_RSA, c080 DHE_DSS, c082 DH_DSS, c084 DH_anon, c086 "
        "ECDHE_ECDSA, c088 ECDH_ECDSA, c08a ECDHE_RSA, c08c ECDH_RSA, c08e PSK, c090 DHE_PSK, "
        "c092 RSA_PSK"
    ),
    "CAMELLIA_256_GCM_SHA384": (
        "c07b RSA, c07d DHE_RSA, c07f DH_RSA, c081 DHE_DSS, c083 DH_DSS, c085 DH_anon, c087 "
        "ECDHE_ECDSA, c089 ECDH_ECDSA, c08b ECDHE_RSA, c08d ECDH_RSA, c08f PSK, c091 DHE_PSK, "
        "c093 RSA_PSK"
    ),
    "AES_128_CCM": "c0a4 PSK, c0a6 DHE_PSK",
    "AES_256_CCM": "c0a5 PSK, c0a7 DHE_PSK",
    "AES_128_CCM_8": "c0a8 PSK, c0aa PSK_DHE, c0ff ECJPAKE",
    "AES_256_CCM_8": "c0a9 PSK, c0ab PSK_DHE",
    "AES_128_CCM_SHA256": "c0b2 ECCPWD, d005 ECDHE_PSK",
    "AES_256_CCM_SHA384": "c0b3 ECCPWD",
    "KUZNYECHIK_CTR_OMAC": "c100 GOSTR341112_256",
    "MAGMA_CTR_OMAC": "c101 GOSTR341112_256",
    "28147_CNT_IMIT": "c102 GOSTR341112_256",
    "KUZNYECHIK_MGM_L": "c103 GOSTR341112_256",
    "MAGMA_MGM_L": "c104 GOSTR341112_256",
    "KUZNYECHIK_MGM_S": "c105 GOSTR341112_256",
    "MAGMA_MGM_S": "c106 GOSTR341112_256",
    "CHACHA20_POLY1305_SHA256": ("ccab PSK, ccac ECDHE_PSK, ccad DHE_PSK, ccae RSA_PSK"),
    "AES_128_CCM_8_SHA256": "d003 ECDHE_PSK",
}
_SUITES = {
    0x00C6: "TLS_SM4_GCM_SM3",
    0x00C7: "TLS_SM4_CCM_SM3",
    0xC0B4: "TLS_SHA256_SHA256",
    0xC0B5: "TLS_SHA384_SHA384",
}
# From the first number on, one after the other.
_GROUPS = {
    1: (
        "sect163k1 sect163r1 sect163r2 sect193r1 sect193r2 sect233k1 sect233r1 sect239k1 "
        "sect283k1 sect283r1 sect409k1 sect409r1 sect571k1 sect571r1 secp160k1 secp160r1 "
        "secp160r2 secp192k1 secp192r1 secp224k1 secp224r1 secp256k1"
    ),
    26: "brainpoolP256r1 brainpoolP384r1 brainpoolP512r1",
    31: "brainpoolP256r1tls13 brainpoolP384r1tls13 brainpoolP512r1tls13",
    34: "GC256A GC256B GC256C GC256D GC512A GC512B GC512C curveSM2",
    0x0200: "MLKEM512 MLKEM768 MLKEM1024",
    0x11EE: "curveSM2MLKEM768",
    0x6399: "X25519Kyber768Draft00 SecP256r1Kyber768Draft00",
    0xFF01: "arbitrary_explicit_prime_curves arbitrary_explicit_char2_curves",
}
_SCHEMES = {
    0x0704: "eccsi_sha256 iso_ibs1 iso_ibs2 iso_chinese_ibs sm2sig_sm3",
    0x0709: "gostr34102012_256a gostr34102012_256b gostr34102012_256c gostr34102012_256d",
    0x070D: "gostr34102012_512a gostr34102012_512b gostr34102012_512c",
    0x081A: (
        "ecdsa_brainpoolP256r1tls13_sha256 ecdsa_brainpoolP384r1tls13_sha384 "
        "ecdsa_brainpoolP512r1tls13_sha512"
    ),
}
_HASHES = ("none", "md5", "sha1", "sha224", "sha256", "sha384", "sha512")  # RFC 5246, 7.4.1.4.1
_SIGNATURES = ("anonymous", "rsa", "dsa", "ecdsa")


def registered_name(member: OpenEnum) -> str:
    """The name of a number that no enumeration of ours names, or ``""``."""
    if isinstance(member, CipherSuite):
        return _suites().get(int(member), "")
    if isinstance(member, NamedGroup):
        return _counted(tuple(_GROUPS.items())).get(int(member), "")
    if isinstance(member, SignatureScheme):
        return _counted(tuple(_SCHEMES.items())).get(int(member), "") or _pair(int(member))
    return ""


@cache
def _suites() -> dict[int, str]:
    found = dict(_SUITES)
    for cipher, rows in _CIPHERS.items():
        for row in rows.split(", "):
            number, exchange = row.split()
            found[int(number, 16)] = f"TLS_{exchange}_WITH_{cipher}"
    return found


@cache
def _counted(table: tuple[tuple[int, str], ...]) -> dict[int, str]:
    return {
        first + place: name for first, names in table for place, name in enumerate(names.split())
    }


def _pair(number: int) -> str:
    """SignatureAndHashAlgorithm of TLS 1.2."""
    hashed, signed = number >> 8, number & 0xFF
    if hashed >= len(_HASHES) or signed >= len(_SIGNATURES):
        return ""
    return f"{_HASHES[hashed]} {_SIGNATURES[signed]}"
