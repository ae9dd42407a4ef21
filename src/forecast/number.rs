//! Counts to reals and back. The only place of the package with an `as`.

/// A count as a real number; exact up to 2^53.
pub(crate) fn real(count: u64) -> f64 {
    let low = u32::try_from(count & 0xffff_ffff).unwrap_or(u32::MAX);
    let high = u32::try_from(count >> 32).unwrap_or(u32::MAX);
    f64::from(high) * 4_294_967_296.0 + f64::from(low)
}

/// A length as a real number.
pub(crate) fn len(count: usize) -> f64 {
    real(wide(count))
}

/// A length as a 64-bit count.
pub(crate) fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// A day number moved ahead by a count of days, held at the end of the range.
pub(crate) fn later(day: i32, days: usize) -> i32 {
    day.saturating_add(i32::try_from(days).unwrap_or(i32::MAX))
}

/// The whole units in `x`: rounded down, zero for negatives and NaN, held at `u32::MAX`.
#[expect(clippy::as_conversions, reason = "a float has no other way to an integer; this cast saturates")]
pub(crate) fn whole(x: f64) -> u32 {
    x as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversions_hold_at_their_ends() {
        assert_eq!(real(0), 0.0);
        assert_eq!(real((1 << 40) + 3), 1_099_511_627_779.0);
        assert_eq!(whole(f64::NAN), 0);
        assert_eq!(whole(-3.0), 0);
        assert_eq!(whole(2.999), 2);
        assert_eq!(whole(1e20), u32::MAX);
        assert_eq!(later(i32::MAX - 1, 5), i32::MAX);
    }
}
