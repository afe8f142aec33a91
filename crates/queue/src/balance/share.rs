//! Sharing slots out when there are not enough.

use std::cmp::Reverse;

/// What a queue asks for. Asks stand in order of importance.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask {
    /// What it should have in any case; never more than `want`.
    pub(super) minimum: u32,
    /// What it asks for.
    pub(super) want: u32,
    /// How much it counts; more than zero.
    pub(super) weight: u32,
}

/// What each gets of `total` slots: what it wants when that fits; else its minimum, and its share
/// of the rest.
pub(super) fn fit(asks: &[Ask], total: u32) -> Vec<u32> {
    let wants: Vec<u32> = asks.iter().map(|ask| ask.want).collect();
    if sum(&wants) <= u64::from(total) {
        return wants;
    }
    let minimums: Vec<u32> = asks.iter().map(|ask| ask.minimum.min(ask.want)).collect();
    let given = scale_down(&minimums, total);
    let rest = total.saturating_sub(u32::try_from(sum(&given)).unwrap_or(u32::MAX));
    let open = asks.iter().zip(&minimums);
    let open = open.map(|(ask, least)| (ask.weight, ask.want.saturating_sub(*least)));
    add(&given, &pour(open, rest))
}

/// What each gets when `total` may be less than all of these together: one slot each, most
/// important first, since no queue should stand still; of the rest each a like part.
pub(super) fn scale_down(wants: &[u32], total: u32) -> Vec<u32> {
    if sum(wants) <= u64::from(total) {
        return wants.to_vec();
    }
    let mut rest = total;
    let mut given = Vec::new();
    for want in wants {
        let first = rest.min(*want).min(1);
        rest = rest.saturating_sub(first);
        given.push(first);
    }
    let open = wants.iter().map(|want| want.saturating_sub(1));
    let open = open.map(|open| (open.max(1), open));
    add(&given, &pour(open, rest))
}

fn sum(numbers: &[u32]) -> u64 {
    numbers.iter().copied().map(u64::from).sum()
}

fn add(one: &[u32], other: &[u32]) -> Vec<u32> {
    let pairs = one.iter().zip(other);
    pairs
        .map(|(one, other)| one.saturating_add(*other))
        .collect()
}

/// Who still takes something.
struct Vessel {
    position: usize,
    weight: u128,
    open: u128,
    given: u128,
    /// Of a slot that could not be divided; in units of the whole pull.
    remainder: u128,
    full: bool,
}

impl Vessel {
    /// What it counts for. Not weight × open, by which a queue with a flood behind it would get more than one
    /// that only has to keep up: there, in a rush, jobs of weight 2 waited 41 s, and so they wait 2.4 s.
    fn pull(&self) -> u128 {
        self.weight
    }
}

/// Shares `rest` in proportion to weight, to nobody more than is open: what would run over
/// goes to the others in the same proportion. Slots that cannot be divided go to the largest
/// remainders, then to the most important.
///
/// Whoever opens more gets no less: the proportions are those of one common level, exactly, and
/// all others' parts can only fall when one rises. (To share anew in each round what is left of
/// the last would be no exact fraction.)
fn pour(open: impl Iterator<Item = (u32, u32)>, rest: u32) -> Vec<u32> {
    let vessel = |(position, (weight, open)): (usize, (u32, u32))| Vessel {
        position,
        weight: u128::from(weight),
        open: u128::from(open),
        given: 0,
        remainder: 0,
        full: false,
    };
    let mut vessels: Vec<Vessel> = open.enumerate().map(vessel).collect();
    let (rest, pull) = fill(&mut vessels, u128::from(rest));
    let mut left = rest;
    for vessel in vessels.iter_mut().filter(|vessel| !vessel.full) {
        let part = rest.saturating_mul(vessel.pull());
        vessel.given = part.checked_div(pull).unwrap_or(0);
        vessel.remainder = part.checked_rem(pull).unwrap_or(0);
        left = left.saturating_sub(vessel.given);
    }
    vessels.sort_by_key(|vessel| (Reverse(vessel.remainder), vessel.position));
    for vessel in vessels.iter_mut().filter(|vessel| vessel.remainder > 0) {
        let more = left.min(1);
        vessel.given = vessel.given.saturating_add(more);
        left = left.saturating_sub(more);
    }
    vessels.sort_by_key(|vessel| vessel.position);
    let given = vessels.iter().map(|vessel| u32::try_from(vessel.given));
    given.map(|given| given.unwrap_or(u32::MAX)).collect()
}

/// Fills those whose part would be at least as much as they take, until there are none; says what
/// is left for the others, and their whole pull.
fn fill(vessels: &mut [Vessel], mut rest: u128) -> (u128, u128) {
    loop {
        let open = vessels.iter().filter(|vessel| !vessel.full);
        let pull = open.fold(0_u128, |pull, vessel| pull.saturating_add(vessel.pull()));
        let level = rest;
        let mut some = false;
        for vessel in vessels.iter_mut().filter(|vessel| !vessel.full) {
            if level.saturating_mul(vessel.weight) >= pull.saturating_mul(vessel.open) {
                vessel.full = true;
                vessel.given = vessel.open;
                rest = rest.saturating_sub(vessel.open);
                some = true;
            }
        }
        if !some {
            return (rest, pull);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(minimum: u32, want: u32, weight: u32) -> Ask {
        Ask {
            minimum,
            want,
            weight,
        }
    }

    #[test]
    fn what_fits_is_given() {
        assert_eq!(fit(&[ask(1, 7, 4), ask(1, 3, 1)], 10), [7, 3]);
        assert_eq!(fit(&[], 10), Vec::<u32>::new());
    }

    #[test]
    fn weights_decide_about_what_is_left_after_the_minimums() {
        // 16 slots, 2 of them minimums; 14 in proportion to 4 and 1.
        assert_eq!(fit(&[ask(1, 16, 4), ask(1, 16, 1)], 16), [12, 4]);
    }

    #[test]
    fn what_runs_over_goes_to_the_others_in_their_proportion() {
        // The first takes 2 of 20; 18 are left for 2 and 1.
        let given = fit(&[ask(0, 2, 8), ask(0, 20, 2), ask(0, 20, 1)], 20);
        assert_eq!(given, [2, 12, 6]);
    }

    #[test]
    fn indivisible_slots_go_to_the_largest_remainder_and_then_to_the_most_important() {
        // Parts of 3.33 each; one slot is left over.
        assert_eq!(fit(&[ask(0, 9, 1); 3], 10), [4, 3, 3]);
        // Parts of 1.67 each, however much more the last one wants.
        assert_eq!(
            fit(&[ask(0, 5, 1), ask(0, 5, 1), ask(0, 10, 1)], 5),
            [2, 2, 1]
        );
    }

    #[test]
    fn minimums_that_do_not_fit_are_met_with_one_each_and_then_in_proportion() {
        let asks = [ask(1, 9, 4), ask(1, 9, 2), ask(6, 9, 1), ask(4, 9, 1)];
        assert_eq!(fit(&asks, 0), [0, 0, 0, 0]);
        assert_eq!(fit(&asks, 2), [1, 1, 0, 0], "most important first");
        assert_eq!(fit(&asks, 4), [1, 1, 1, 1]);
        assert_eq!(fit(&asks, 8), [1, 1, 4, 2], "4 in proportion to 5 and 3");
        assert_eq!(fit(&asks, 12), [1, 1, 6, 4]);
    }

    #[test]
    fn the_largest_numbers_there_are_do_not_overflow() {
        let most = ask(u32::MAX, u32::MAX, u32::MAX);
        let given = fit(&[most; 3], u32::MAX);
        assert_eq!(sum(&given), u64::from(u32::MAX));
        let most = ask(0, u32::MAX, u32::MAX);
        assert_eq!(sum(&fit(&[most; 200], u32::MAX)), u64::from(u32::MAX));
    }
}
