//! The chances of the simulated portfolio, each drawn from a source of its own, so that no draw depends on the order of others.

use chrono::{Datelike, NaiveDate};
use domain::{maintenance_request::Priority, payment::Method};
use rand::{Rng, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, LogNormal, Poisson};
use uuid::Uuid;

/// The median rent, in minor units.
const MEDIAN_RENT: f64 = 136_700.0;
/// How far rents spread: the sigma of their logarithm.
const RENT_SIGMA: f64 = 0.35;
/// Maintenance requests per unit and year.
const REQUESTS_A_YEAR: f64 = 3.3;

/// The dice for one question about one thing: the same question always falls the same.
pub(super) struct Dice(ChaCha8Rng);

/// How a resident pays a month's rent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paying {
    /// All of it, on this day of the month.
    Whole(u32),
    /// A part of it, in percent, on this day of the month.
    Part(u32, u32),
    /// Not this month.
    NotAtAll,
}

/// What a repair is about, how it is reported and who does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trouble {
    pub category: &'static str,
    pub summary: &'static str,
    pub description: &'static str,
}

const TROUBLES: [Trouble; 8] = [
    Trouble {
        category: "plumbing",
        summary: "Kitchen sink leaks",
        description: "Water drips under the sink, a bucket is half full by the evening.",
    },
    Trouble {
        category: "plumbing",
        summary: "Toilet keeps running",
        description: "It does not stop after flushing unless the handle is held.",
    },
    Trouble {
        category: "hvac",
        summary: "No heat in the bedroom",
        description: "The vent blows cold air since last night.",
    },
    Trouble {
        category: "hvac",
        summary: "Air conditioner is loud",
        description: "It rattles when it starts and stops.",
    },
    Trouble {
        category: "electrical",
        summary: "Outlet does not work",
        description: "The outlet beside the stove has no power, the breaker is on.",
    },
    Trouble {
        category: "appliance",
        summary: "Dishwasher does not drain",
        description: "Dirty water stays at the bottom after each cycle.",
    },
    Trouble {
        category: "locks",
        summary: "Front door sticks",
        description: "The lock turns only when the door is pulled hard.",
    },
    Trouble {
        category: "pests",
        summary: "Ants in the kitchen",
        description: "They come in by the window over the counter.",
    },
];

const GIVEN: [&str; 40] = [
    "Ada",
    "Grace",
    "Alan",
    "Edsger",
    "Barbara",
    "Donald",
    "Katherine",
    "Dorothy",
    "Mary",
    "Annie",
    "Hedy",
    "Radia",
    "Frances",
    "Margaret",
    "Evelyn",
    "Joan",
    "Karen",
    "Lynn",
    "Shafi",
    "Leslie",
    "Tony",
    "Niklaus",
    "John",
    "Kristen",
    "Jean",
    "Betty",
    "Ida",
    "Adele",
    "Sofia",
    "Emmy",
    "Vera",
    "Rosalind",
    "Lise",
    "Rita",
    "Maria",
    "Gerty",
    "Irene",
    "Elinor",
    "Esther",
    "Wangari",
];
const FAMILY: [&str; 40] = [
    "Nguyen", "Garcia", "Smith", "Johnson", "Okafor", "Patel", "Kim", "Chen", "Martinez", "Brown", "Davis", "Lopez",
    "Wilson", "Anderson", "Thomas", "Haddad", "Moore", "Jackson", "Martin", "Lee", "Perez", "Thompson", "White",
    "Harris", "Sanchez", "Clark", "Ramirez", "Lewis", "Robinson", "Walker", "Young", "Allen", "King", "Wright",
    "Scott", "Torres", "Hill", "Flores", "Green", "Adams",
];

impl Dice {
    /// The dice for a question about a thing.
    pub fn new(world: Uuid, question: &str) -> Self {
        let seed = Uuid::new_v5(&world, question.as_bytes());
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(seed.as_bytes());
        bytes[16..].copy_from_slice(world.as_bytes());
        Self(ChaCha8Rng::from_seed(bytes))
    }

    /// True so many times of a hundred.
    pub fn percent(&mut self, chance: u32) -> bool {
        self.0.random_range(0..100) < chance
    }

    /// A number from these.
    pub fn within(&mut self, range: std::ops::RangeInclusive<u32>) -> u32 {
        self.0.random_range(range)
    }

    /// One of these.
    pub fn one_of<T: Copy>(&mut self, all: &[T], otherwise: T) -> T {
        all.choose(&mut self.0).copied().unwrap_or(otherwise)
    }

    /// A monthly rent in minor units, to whole fives.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "rents lie far below what a float counts exactly"
    )]
    pub fn rent(&mut self) -> i64 {
        (self.log_normal(MEDIAN_RENT, RENT_SIGMA) / 500.0).round() as i64 * 500
    }

    /// A number whose logarithm is normal: half lie below the median.
    fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        LogNormal::new(median.ln(), sigma).map_or(median, |chance| chance.sample(&mut self.0))
    }

    /// How a month's rent is paid: 60 % on days 1 to 3, 85 % by day 5, 10 % late, the rest in part or not at all.
    pub fn paying(&mut self) -> Paying {
        match self.within(0..=99) {
            0..60 => Paying::Whole(self.within(1..=3)),
            60..85 => Paying::Whole(self.within(4..=5)),
            85..95 => Paying::Whole(self.within(6..=20)),
            95..98 => Paying::Part(self.within(5..=20), self.within(30..=80)),
            _ => Paying::NotAtAll,
        }
    }

    /// How money comes in: ACH 65 %, card 15 %, cheque 20 %.
    pub fn method(&mut self) -> Method {
        match self.within(0..=99) {
            0..65 => Method::Ach,
            65..80 => Method::Card,
            _ => Method::Cheque,
        }
    }

    /// True for the one in a hundred that the bank takes back.
    pub fn is_returned(&mut self, method: Method) -> bool {
        method == Method::Ach && self.percent(1)
    }

    /// How many requests a unit has on a day.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a Poisson draw is a small whole number"
    )]
    pub fn requests_today(&mut self) -> u32 {
        Poisson::new(REQUESTS_A_YEAR / 365.0).map_or(0, |chance| chance.sample(&mut self.0) as u32)
    }

    /// What is wrong.
    pub fn trouble(&mut self) -> Trouble {
        self.one_of(&TROUBLES, TROUBLES[0])
    }

    /// How soon it has to be done.
    pub fn priority(&mut self) -> Priority {
        match self.within(0..=99) {
            0..5 => Priority::Urgent,
            5..25 => Priority::High,
            25..75 => Priority::Medium,
            _ => Priority::Low,
        }
    }

    /// Minutes until somebody is sent: sooner for what is more urgent, with a long tail.
    pub fn minutes_to_assign(&mut self, priority: Priority) -> u32 {
        let median = match priority {
            Priority::Urgent => 25.0,
            Priority::High => 120.0,
            Priority::Medium => 500.0,
            Priority::Low => 1_000.0,
        };
        self.minutes(median, 0.8)
    }

    /// Minutes from there to the end of the work, with a heavy tail: some repairs wait for parts for weeks.
    pub fn minutes_to_repair(&mut self, priority: Priority) -> u32 {
        let median = match priority {
            Priority::Urgent => 240.0,
            Priority::High => 1_200.0,
            Priority::Medium => 3_600.0,
            Priority::Low => 7_000.0,
        };
        self.minutes(median, 1.2)
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bounded right here"
    )]
    fn minutes(&mut self, median: f64, sigma: f64) -> u32 {
        self.log_normal(median, sigma).clamp(5.0, 90.0 * 24.0 * 60.0) as u32
    }

    /// A first day for a lease of twelve months around this month, more often in summer: so are the ends.
    pub fn months_since_start(&mut self, from: NaiveDate) -> u32 {
        let summer = |ago: u32| {
            let month = (from.month0() + 12 - ago % 12) % 12 + 1;
            if (5..=8).contains(&month) { 3 } else { 1 }
        };
        let total: u32 = (0..12).map(summer).sum();
        let mut at = self.within(1..=total);
        for ago in 0..12 {
            let weight = summer(ago);
            if at <= weight {
                return ago;
            }
            at -= weight;
        }
        0
    }

    /// A person's given and family name.
    pub fn name(&mut self) -> (&'static str, &'static str) {
        (self.one_of(&GIVEN, GIVEN[0]), self.one_of(&FAMILY, FAMILY[0]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORLD: Uuid = Uuid::from_u128(1);

    fn share(of: u32, is: impl Fn(&mut Dice) -> bool) -> f64 {
        let hits = (0..of).filter(|n| is(&mut Dice::new(WORLD, &n.to_string()))).count();
        f64::from(u32::try_from(hits).unwrap()) / f64::from(of)
    }

    fn is_near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 0.02, "{found} instead of {expected}");
    }

    #[test]
    fn the_same_question_falls_the_same_and_another_does_not() {
        let draw = |question| Dice::new(WORLD, question).within(0..=1_000_000);
        assert_eq!(draw("rent of 101"), draw("rent of 101"));
        assert_ne!(draw("rent of 101"), draw("rent of 102"));
    }

    #[test]
    fn residents_pay_as_residents_do() {
        let paid = |is: fn(Paying) -> bool| share(20_000, |dice| is(dice.paying()));
        is_near(paid(|how| matches!(how, Paying::Whole(1..=3))), 0.60);
        is_near(paid(|how| matches!(how, Paying::Whole(1..=5))), 0.85);
        is_near(paid(|how| matches!(how, Paying::Whole(6..))), 0.10);
        is_near(paid(|how| matches!(how, Paying::Part(..) | Paying::NotAtAll)), 0.05);
        is_near(share(20_000, |dice| dice.method() == Method::Ach), 0.65);
        is_near(share(20_000, |dice| dice.method() == Method::Card), 0.15);
        is_near(share(20_000, |dice| dice.is_returned(Method::Ach)), 0.01);
    }

    #[test]
    fn half_of_the_rents_lie_below_the_median() {
        is_near(share(20_000, |dice| dice.rent() < 136_700), 0.5);
        // One sigma above the median of a log-normal lie 15.9 %.
        is_near(share(20_000, |dice| dice.rent() > 193_983), 0.159);
    }

    #[test]
    fn a_unit_has_three_or_four_requests_a_year() {
        let days = 100_000;
        let requests: u32 = (0..days)
            .map(|day| Dice::new(WORLD, &day.to_string()).requests_today())
            .sum();
        is_near(f64::from(requests) / f64::from(days) * 365.0 / 100.0, 0.033);
    }

    #[test]
    fn leases_begin_more_often_in_summer() {
        let january = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
        // Of the twelve months before January, May to August are 5 to 8 months ago.
        let summer = share(20_000, |dice| (5..=8).contains(&dice.months_since_start(january)));
        is_near(summer, 12.0 / 20.0);
    }
}
