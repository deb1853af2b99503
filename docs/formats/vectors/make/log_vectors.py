"""Log vectors with aics-tlog: makes theirs, checks ours. See ../README.md for the command."""

import base64
import json
import sys
from importlib.metadata import version
from pathlib import Path

from aics_tlog import (
    Checkpoint,
    MerkleTree,
    parse_vkey,
    sign_checkpoint,
    verify_checkpoint,
    verify_consistency,
    verify_leaf_inclusion,
    vkey_from_ed25519,
)
from aics_tlog.checkpoint import checkpoint_from_note
from aics_tlog.note import format_vkey, parse_note
from aics_tlog.tiles import build_entry_bundle, materialise_tiles
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

HERE = Path(__file__).resolve().parent.parent / "log"
ORIGIN = "vectors.countersign.example/log"


def leaves(count):
    return [f"leaf {index}".encode() for index in range(count)]


def make():
    """Their tree, proofs, tiles and checkpoint, for our test to read."""
    key = Ed25519PrivateKey.from_private_bytes(bytes([42] * 32))
    size = 300
    tree = MerkleTree(leaves(size))
    hexes = lambda hashes: [item.hex() for item in hashes]
    note = sign_checkpoint(Checkpoint(ORIGIN, size, tree.root()), key, ORIGIN)
    tiles = materialise_tiles(leaves(size))
    vectors = {
        "made_by": f"aics-tlog {version('aics-tlog')}",
        "leaf": "the text 'leaf N', N from 0",
        "size": size,
        "vkey": format_vkey(vkey_from_ed25519(ORIGIN, key.public_key())),
        "checkpoint": note.serialise(),
        "roots": [{"size": s, "root": tree.root(s).hex()} for s in (0, 1, 2, 3, 7, 8, 255, 256, 257, 300)],
        "inclusion": [
            {"size": s, "index": i, "proof": hexes(tree.inclusion_proof(i, s))}
            for s, i in ((1, 0), (7, 3), (8, 7), (256, 100), (300, 0), (300, 299))
        ],
        "consistency": [
            {"old": o, "size": s, "proof": hexes(tree.consistency_proof(o, s))}
            for o, s in ((1, 2), (3, 7), (6, 8), (8, 8), (255, 300), (256, 300))
        ],
        "tiles": {path: base64.b64encode(data).decode() for path, data in sorted(tiles.items())},
    }
    (HERE / "theirs.json").write_text(json.dumps(vectors, indent=1) + "\n")


def check():
    """Our tree, proofs and checkpoint, read by theirs."""
    ours = json.loads((HERE / "ours.json").read_text())
    data = [base64.b64decode(leaf) for leaf in ours["leaves"]]
    tree = MerkleTree(data)
    unhex = lambda hashes: [bytes.fromhex(item) for item in hashes]
    lines = [f"aics-tlog {version('aics-tlog')} reads ours.json"]
    result = verify_checkpoint(parse_note(ours["checkpoint"]), parse_vkey(ours["vkey"]))
    assert result.ok, result
    head, _ = checkpoint_from_note(ours["checkpoint"])
    assert head.size == len(data) and head.root == tree.root()
    lines.append(f"checkpoint over {head.size} entries: signature and root hold")
    for item in ours["inclusion"]:
        assert verify_leaf_inclusion(
            data[item["index"]], item["index"], item["size"], unhex(item["proof"]), tree.root(item["size"])
        )
    lines.append(f"{len(ours['inclusion'])} inclusion proofs hold")
    for item in ours["consistency"]:
        assert verify_consistency(
            item["old"], item["size"], tree.root(item["old"]), tree.root(item["size"]), unhex(item["proof"])
        )
    lines.append(f"{len(ours['consistency'])} consistency proofs hold")
    tiles = materialise_tiles(data)
    assert ours["tiles"] == {path: base64.b64encode(tile).decode() for path, tile in sorted(tiles.items())}
    lines.append(f"{len(tiles)} tiles and entry bundles are the same, path and byte")
    (HERE / "ours.checked.txt").write_text("\n".join(lines) + "\n")


{"make": make, "check": check}[sys.argv[1]]()
