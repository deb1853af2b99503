"""Envelope vectors with securesystemslib: makes theirs, checks ours. See ../README.md for the command."""

import base64
import json
import sys
from importlib.metadata import version
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.dsse import Envelope
from securesystemslib.signer import CryptoSigner, SSlibKey

HERE = Path(__file__).resolve().parent.parent / "envelope"


def make():
    """A statement signed by theirs, for our test to open."""
    private = Ed25519PrivateKey.from_private_bytes(bytes([43] * 32))
    public = private.public_key().public_bytes_raw().hex()
    key = SSlibKey(public, "ed25519", "ed25519", {"public": public})
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "vector", "digest": {"sha256": "ab" * 32}}],
        "predicateType": "urn:countersign:vector:v1",
        "predicate": {"words": "made elsewhere: é"},
    }
    payload = json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    envelope = Envelope(payload, "application/vnd.in-toto+json", {})
    envelope.sign(CryptoSigner(private, key))
    made = {"made_by": f"securesystemslib {version('securesystemslib')}", "key": public, "envelope": envelope.to_dict()}
    (HERE / "theirs.json").write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n")


def check():
    """Our envelopes, verified by theirs, a changed one refused."""
    lines = [f"securesystemslib {version('securesystemslib')} reads ours.json"]
    for item in json.loads((HERE / "ours.json").read_text()):
        public = item["key"]
        key = SSlibKey(public, "ed25519", "ed25519", {"public": public})
        envelope = Envelope.from_dict(json.loads(item["envelope"]))
        assert list(envelope.verify([key], 1)) == [public]
        changed = Envelope(envelope.payload + b" ", envelope.payload_type, envelope.signatures)
        try:
            changed.verify([key], 1)
        except Exception:
            pass
        else:
            raise AssertionError("a changed payload was accepted")
        kind = json.loads(envelope.payload)["predicateType"]
        lines.append(f"{item['name']}: {kind} holds; a changed payload is refused")
    (HERE / "ours.checked.txt").write_text("\n".join(lines) + "\n")


{"make": make, "check": check}[sys.argv[1]]()
