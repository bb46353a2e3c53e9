//! The bound on how deep a body may be nested. A parser behind us may recurse once for each level.

/// Whether objects and arrays are nested deeper than [`MAX_DEPTH`]. The exact count must tell strings from structure
/// and is slow. Most bodies have fewer brackets than the limit, so it is rarely made.
pub(super) fn is_too_deep(body: &[u8]) -> bool {
    // Small sums over small pieces let the compiler count many bytes at a time.
    let in_piece = |piece: &[u8]| {
        let brackets: u8 = piece
            .iter()
            .map(|byte| u8::from(matches!(byte, b'{' | b'[')))
            .sum();
        usize::from(brackets)
    };
    let brackets: usize = body.chunks(usize::from(u8::MAX)).map(in_piece).sum();
    brackets > MAX_DEPTH && depth(body) > MAX_DEPTH
}

/// How deep a JSON text is nested.
fn depth(body: &[u8]) -> usize {
    let (mut now, mut deepest) = (0_usize, 0_usize);
    let mut bytes = body.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => skip_string(&mut bytes),
            b'{' | b'[' => {
                now += 1;
                deepest = deepest.max(now);
            }
            b'}' | b']' => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

fn skip_string(bytes: &mut std::slice::Iter<'_, u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => {
                bytes.next();
            }
            _ => {}
        }
    }
}

/// How deep the objects and arrays of a body may be nested.
const MAX_DEPTH: usize = 64;
