//! The outlines of a QR code's dark modules: what makes it one shape, without the hairlines between rows that were drawn apart.

use voucher::Qr;

/// Right, down, left, up.
const STEPS: [(i16, i16); 4] = [(1, 0), (0, 1), (-1, 0), (0, -1)];

/// For each step from a corner, the module at its right hand, which is dark along an outline, and the one at its left, which is light.
const SIDES: [[(i16, i16); 2]; 4] = [
    [(0, 0), (0, -1)],
    [(-1, 0), (0, 0)],
    [(-1, -1), (-1, 0)],
    [(0, -1), (-1, -1)],
];

/// Closed lines through corners of modules, counted from the top left one. The dark is at their right hand, so the rule "non-zero"
/// fills exactly the dark modules.
pub(super) fn outlines(qr: &Qr) -> Vec<Vec<(i16, i16)>> {
    let size = i16::try_from(qr.size()).expect("a symbol has at most 177 modules");
    let dark = |x: i16, y: i16| {
        let place = usize::try_from(x).ok().zip(usize::try_from(y).ok());
        place.is_some_and(|(x, y)| qr.is_dark(x, y))
    };
    let leads = |(x, y): (i16, i16), step: usize| {
        let [right, left] = SIDES[step];
        dark(x + right.0, y + right.1) && !dark(x + left.0, y + left.1)
    };
    let mut done = std::collections::HashSet::new();
    let mut lines = Vec::new();
    // Every outline goes right somewhere.
    for start in (0..=size).flat_map(|y| (0..size).map(move |x| (x, y))) {
        if !leads(start, 0) || done.contains(&start) {
            continue;
        }
        let (mut line, mut at, mut step) = (Vec::new(), start, 0);
        loop {
            if step == 0 && !done.insert(at) {
                break;
            }
            at = (at.0 + STEPS[step].0, at.1 + STEPS[step].1);
            let turns = [(step + 1) % 4, step, (step + 3) % 4];
            let next = turns.into_iter().find(|turn| leads(at, *turn));
            let next = next.expect("an outline is closed");
            if next != step {
                line.push(at);
            }
            step = next;
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paper::proofs::specimen;

    #[test]
    fn the_outlines_wind_once_around_each_dark_module_and_around_no_light_one() {
        let qr = specimen(3, &"cheque.example.fr".parse().unwrap()).qr;
        let lines = outlines(&qr);
        let winding = |x: i16, y: i16| -> i32 {
            let sides = lines.iter().flat_map(|line| {
                let next = line.iter().cycle().skip(1);
                line.iter().zip(next)
            });
            // Upright sides to the right of the module, counted by where they lead.
            sides
                .filter(|(a, b)| a.0 == b.0 && a.0 > x && a.1.min(b.1) <= y && y < a.1.max(b.1))
                .map(|(a, b)| if b.1 > a.1 { 1 } else { -1 })
                .sum()
        };
        for at in 0..qr.size() * qr.size() {
            let (x, y) = (at % qr.size(), at / qr.size());
            let [column, row] = [x, y].map(|place| i16::try_from(place).unwrap());
            assert_eq!(winding(column, row), i32::from(qr.is_dark(x, y)), "{x}, {y}");
        }
    }
}
