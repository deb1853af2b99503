//! Changes of Automerge made by hand, with right checksums: what its own writer would not make.

use super::Random;
use countersign_model::Digest;
use std::sync::OnceLock;

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];

fn unsigned(mut number: u64, into: &mut Vec<u8>) {
    loop {
        let bits = u8::try_from(number & 0x7f).unwrap();
        number >>= 7;
        if number == 0 {
            return into.push(bits);
        }
        into.push(bits | 0x80);
    }
}

fn signed(mut number: i64, into: &mut Vec<u8>) {
    loop {
        let bits = u8::try_from(number & 0x7f).unwrap();
        number >>= 7;
        if (number == 0 && bits & 0x40 == 0) || (number == -1 && bits & 0x40 != 0) {
            return into.push(bits);
        }
        into.push(bits | 0x80);
    }
}

/// Numbers as a run-length encoded column, the one way that Automerge writes them.
fn runs(numbers: &[u64]) -> Vec<u8> {
    let mut column = Vec::new();
    let mut literals: Vec<u64> = Vec::new();
    let flush = |literals: &mut Vec<u64>, column: &mut Vec<u8>| {
        if !literals.is_empty() {
            signed(-i64::try_from(literals.len()).unwrap(), column);
            literals.drain(..).for_each(|number| unsigned(number, column));
        }
    };
    for run in numbers.chunk_by(|one, next| one == next) {
        if let [number] = run {
            literals.push(*number);
        } else {
            flush(&mut literals, &mut column);
            signed(i64::try_from(run.len()).unwrap(), &mut column);
            unsigned(run[0], &mut column);
        }
    }
    flush(&mut literals, &mut column);
    column
}

/// A chunk of a type with the checksum of a content, which it holds as it is or compressed.
pub fn chunk(kind: u8, of: &[u8], holds: &[u8]) -> Vec<u8> {
    let mut hashed = vec![if kind == 2 { 1 } else { kind }];
    unsigned(of.len() as u64, &mut hashed);
    hashed.extend(of);
    let mut chunk = MAGIC.to_vec();
    chunk.extend(&Digest::of(&hashed).as_bytes()[..4]);
    chunk.push(kind);
    unsigned(holds.len() as u64, &mut chunk);
    chunk.extend(holds);
    chunk
}

/// A plain change that puts values under false keys.
pub fn plain_change(values: &[&[u8]], random: &mut Random) -> Vec<u8> {
    Columns::plain(values, random).chunk(random)
}

/// A change by its columns.
pub struct Columns(Vec<(u64, Vec<u8>)>);

impl Columns {
    /// Puts of values into the document's root.
    pub fn plain(values: &[&[u8]], random: &mut Random) -> Self {
        let count = values.len();
        let mut keys = Vec::new();
        signed(-i64::try_from(count).unwrap(), &mut keys);
        for _ in values {
            let key = format!("{:016x}", random.next());
            unsigned(key.len() as u64, &mut keys);
            keys.extend(key.as_bytes());
        }
        let mut insert = Vec::new();
        unsigned(count as u64, &mut insert);
        let meta: Vec<_> = values.iter().map(|value| (value.len() as u64) << 4 | 7).collect();
        Self(vec![
            (0x15, keys),
            (0x34, insert),
            (0x42, runs(&vec![1; count])),
            (0x56, runs(&meta)),
            (0x57, values.concat()),
            (0x70, runs(&vec![0; count])),
        ])
    }

    /// Makes one column say something else.
    pub fn disturb(&mut self, random: &mut Random) {
        let at = random.below(self.0.len());
        let (spec, bytes) = &mut self.0[at];
        match random.below(7) {
            0 => *spec = random.next() % 0x100,
            1 => bytes.clear(),
            2 => {
                // A run beyond all bounds, of a value or of nothing.
                let mut run = Vec::new();
                let length = i64::from_ne_bytes(random.number().to_ne_bytes());
                signed(length, &mut run);
                unsigned(random.number(), &mut run);
                bytes.splice(0..0, run);
            }
            3 => {
                let mut run = Vec::new();
                signed(0, &mut run);
                unsigned(random.number(), &mut run);
                bytes.extend(run);
            }
            4 => {
                for byte in bytes.iter_mut().take(4) {
                    *byte ^= random.next().to_le_bytes()[0];
                }
            }
            5 => {
                let count = random.below(300);
                *bytes = random.bytes(count);
            }
            _ => {
                let other = [0x01, 0x02, 0x11, 0x13, 0x71, 0x73, 0x94, 0xa5][random.below(8)];
                let mut run = Vec::new();
                signed(i64::try_from(random.below(9)).unwrap() + 1, &mut run);
                unsigned(random.next() % 5, &mut run);
                self.0.push((other, run));
                self.0.sort_by_key(|(spec, _)| *spec);
            }
        }
    }

    /// The whole chunk, as the beginning of some writer's work.
    pub fn chunk(&self, random: &mut Random) -> Vec<u8> {
        self.with_head(random, &[], (1, 1, 0))
    }

    /// The whole chunk, whose head may say anything.
    pub fn strange_chunk(&self, random: &mut Random) -> Vec<u8> {
        let number = |random: &mut Random| if random.below(4) == 0 { random.number() } else { 1 };
        let count = if random.below(4) == 0 { random.below(5) } else { 0 };
        let dependencies: Vec<_> = (0..count).map(|_| random.digest()).collect();
        let time = if random.below(4) == 0 { random.number() >> 2 } else { 0 };
        let head = (number(random), number(random), i64::try_from(time).unwrap());
        self.with_head(random, &dependencies, head)
    }

    fn with_head(
        &self,
        random: &mut Random,
        dependencies: &[Digest],
        (seq, first_op, time): (u64, u64, i64),
    ) -> Vec<u8> {
        let mut body = Vec::new();
        unsigned(dependencies.len() as u64, &mut body);
        dependencies.iter().for_each(|digest| body.extend(digest.as_bytes()));
        let actor = random.bytes(16);
        unsigned(actor.len() as u64, &mut body);
        body.extend(actor);
        unsigned(seq, &mut body);
        unsigned(first_op, &mut body);
        signed(time, &mut body);
        unsigned(0, &mut body);
        unsigned(0, &mut body);
        let columns: Vec<_> = self.0.iter().filter(|(_, bytes)| !bytes.is_empty()).collect();
        unsigned(columns.len() as u64, &mut body);
        for (spec, bytes) in &columns {
            unsigned(*spec, &mut body);
            unsigned(bytes.len() as u64, &mut body);
        }
        columns.iter().for_each(|(_, bytes)| body.extend(bytes));
        chunk(1, &body, &body)
    }
}

/// A compressed chunk that inflates to about 160 times its size.
pub fn bomb(random: &mut Random, size: usize) -> Vec<u8> {
    // Making it takes longer than anything else here. One that ends too early inflates too.
    static LARGEST: OnceLock<Vec<u8>> = OnceLock::new();
    let largest = LARGEST.get_or_init(|| deflated_zeros(150_000));
    let deflated = &largest[..size.min(largest.len())];
    let content = random.bytes(40);
    let kind = [0, 1, 2, 2, 2, 3][random.below(6)];
    chunk(kind, &content, deflated)
}

/// DEFLATE (RFC 1951) by its fixed codes: a zero, then "258 times the byte before" again and
/// again, 13 bits each.
pub fn deflated_zeros(size: usize) -> Vec<u8> {
    let mut bits: Vec<bool> = vec![true, true, false];
    let code = |bits: &mut Vec<bool>, code: u32, length: u32| {
        bits.extend((0..length).rev().map(|at| code >> at & 1 == 1));
    };
    code(&mut bits, 0b0011_0000, 8);
    while bits.len() / 8 + 2 < size {
        code(&mut bits, 0b1100_0101, 8);
        code(&mut bits, 0, 5);
    }
    code(&mut bits, 0, 7);
    bits.chunks(8)
        .map(|byte| byte.iter().rev().fold(0, |sum, bit| sum << 1 | u8::from(*bit)))
        .collect()
}
