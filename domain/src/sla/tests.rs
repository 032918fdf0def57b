use chrono::NaiveDateTime;
use chrono_tz::America::New_York;
use proptest::prelude::*;

use super::*;
use crate::money::Currency;

/// A moment by the clocks on the walls of New York, as `2026-06-01 09:00`.
fn at(wall: &str) -> DateTime<Utc> {
    let wall = NaiveDateTime::parse_from_str(wall, "%Y-%m-%d %H:%M").unwrap();
    New_York.from_local_datetime(&wall).earliest().unwrap().to_utc()
}

fn round_the_clock() -> Settings {
    Settings::usual(Currency::USD, New_York)
}

/// Nine to five.
fn office_hours() -> Settings {
    let mut settings = round_the_clock();
    settings.service_levels.business_hours = Some(BusinessHours {
        opens: 9 * 60,
        closes: 17 * 60,
    });
    settings
}

fn with_hours(opens: u16, closes: u16) -> Settings {
    let mut settings = round_the_clock();
    settings.service_levels.business_hours = Some(BusinessHours { opens, closes });
    settings
}

#[test]
fn each_priority_has_its_own_times() {
    let hours = |priority| {
        let reported = at("2026-06-01 11:00");
        let due = deadlines(priority, reported, &round_the_clock());
        (
            (due.respond_by - reported).num_hours(),
            (due.resolve_by - reported).num_hours(),
        )
    };
    assert_eq!(hours(Priority::Urgent), (1, 24));
    assert_eq!(hours(Priority::High), (4, 72));
    assert_eq!(hours(Priority::Medium), (24, 7 * 24));
    assert_eq!(hours(Priority::Low), (48, 14 * 24));
}

/// 1 June 2026 is a Monday.
#[test]
fn business_hours_begin_in_the_morning_and_skip_nights_and_weekends() {
    let settings = office_hours();
    let cases = [
        ("2026-06-01 10:00", 2, "2026-06-01 12:00"),
        ("2026-06-01 07:00", 2, "2026-06-01 11:00"),
        ("2026-06-01 16:00", 2, "2026-06-02 10:00"),
        ("2026-06-01 18:00", 2, "2026-06-02 11:00"),
        ("2026-06-01 09:00", 8, "2026-06-01 17:00"),
        ("2026-06-05 16:00", 2, "2026-06-08 10:00"),
        ("2026-06-06 12:00", 2, "2026-06-08 11:00"),
        ("2026-06-07 12:00", 2, "2026-06-08 11:00"),
        ("2026-06-01 10:00", 41, "2026-06-08 11:00"),
        ("2026-06-01 20:00", 0, "2026-06-02 09:00"),
        ("2026-06-01 17:00", 0, "2026-06-02 09:00"),
    ];
    for (from, hours, to) in cases {
        assert_eq!(
            after(at(from), TimeDelta::hours(hours), &settings),
            at(to),
            "{hours} hours from {from}"
        );
        assert_eq!(
            between(at(from), at(to), &settings),
            TimeDelta::hours(hours),
            "{from} to {to}"
        );
    }
}

#[test]
fn the_day_is_that_of_the_organizations_zone() {
    // Half past eight on a Friday evening is Saturday in London, and Monday nine o'clock comes next in New York.
    let evening = at("2026-06-05 20:30");
    assert_eq!(evening.date_naive().to_string(), "2026-06-06");
    assert_eq!(
        after(evening, TimeDelta::hours(1), &office_hours()),
        at("2026-06-08 10:00")
    );
    // Late on Sunday in New York it is Monday in London, but not yet a working day.
    let sunday = at("2026-06-07 22:00");
    assert_eq!(
        after(sunday, TimeDelta::hours(1), &with_hours(0, 24 * 60)),
        at("2026-06-08 01:00")
    );
}

#[test]
fn round_the_clock_an_hour_is_an_hour_also_when_clocks_change() {
    let before = at("2026-03-07 12:00");
    assert_eq!(
        after(before, TimeDelta::hours(24), &round_the_clock()),
        at("2026-03-08 13:00")
    );
    let before = at("2026-10-31 12:00");
    assert_eq!(
        after(before, TimeDelta::hours(24), &round_the_clock()),
        at("2026-11-01 11:00")
    );
}

/// No working day of New York changes its clocks, so these are hours in a zone that does: Cairo springs forward on a Friday.
#[test]
fn an_hour_that_the_clocks_leap_over_is_not_worked() {
    let cairo = |wall: &str| {
        let wall = NaiveDateTime::parse_from_str(wall, "%Y-%m-%d %H:%M").unwrap();
        chrono_tz::Africa::Cairo
            .from_local_datetime(&wall)
            .earliest()
            .unwrap()
            .to_utc()
    };
    let hours = |opens, closes| Settings {
        time_zone: chrono_tz::Africa::Cairo,
        ..with_hours(opens, closes)
    };
    // On 24 April 2026 the clocks go from 00:00 to 01:00.
    let eve = cairo("2026-04-23 23:00");
    assert_eq!(
        after(eve, TimeDelta::hours(2), &hours(0, 24 * 60)),
        cairo("2026-04-24 02:00"),
        "one hour of Thursday, then one from one o'clock on"
    );
    assert_eq!(
        between(cairo("2026-04-24 01:00"), cairo("2026-04-25 00:00"), &hours(0, 24 * 60)),
        TimeDelta::hours(23)
    );
    // Hours that begin in what is left out begin with what follows it.
    assert_eq!(
        after(cairo("2026-04-23 20:00"), TimeDelta::hours(1), &hours(30, 5 * 60)),
        cairo("2026-04-24 02:00")
    );
    // In autumn it is midnight twice: the night of 29 to 30 October 2026 has an hour more.
    assert_eq!(
        between(cairo("2026-10-29 00:00"), cairo("2026-10-30 01:00"), &hours(0, 24 * 60)),
        TimeDelta::hours(26)
    );
}

#[test]
fn a_day_that_was_left_out_is_not_worked() {
    // Samoa went from Thursday 29 to Saturday 31 December 2011.
    let samoa = Settings {
        time_zone: chrono_tz::Pacific::Apia,
        ..office_hours()
    };
    let wall = |text: &str| {
        let wall = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
        chrono_tz::Pacific::Apia
            .from_local_datetime(&wall)
            .earliest()
            .unwrap()
            .to_utc()
    };
    assert_eq!(
        after(wall("2011-12-29 16:00"), TimeDelta::hours(2), &samoa),
        wall("2012-01-02 10:00")
    );
}

#[test]
fn nothing_passes_backwards() {
    let (early, late) = (at("2026-06-01 10:00"), at("2026-06-01 11:00"));
    for settings in [round_the_clock(), office_hours()] {
        assert_eq!(between(late, early, &settings), TimeDelta::zero());
        assert_eq!(between(early, early, &settings), TimeDelta::zero());
    }
}

#[test]
fn what_lies_beyond_the_calendar_is_its_last_instant() {
    let far = TimeDelta::days(200_000_000);
    assert_eq!(
        after(at("2026-06-01 10:00"), far, &round_the_clock()),
        DateTime::<Utc>::MAX_UTC
    );
}

fn started() -> Clocks {
    Clocks::start(Deadlines {
        respond_by: at("2026-06-01 12:00"),
        resolve_by: at("2026-06-02 12:00"),
    })
}

fn missed(clocks: &Clocks, when: &str) -> Vec<SlaClock> {
    clocks.missed(at(when)).map(|(which, _)| which).collect()
}

#[test]
fn a_deadline_is_missed_after_it_and_until_that_is_recorded() {
    use SlaClock::{Resolution, Response};
    let mut clocks = started();
    assert_eq!(missed(&clocks, "2026-06-01 12:00"), []);
    assert_eq!(missed(&clocks, "2026-06-01 12:01"), [Response]);
    assert_eq!(missed(&clocks, "2026-06-02 12:01"), [Response, Resolution]);
    let both: Vec<_> = clocks.missed(at("2026-06-03 00:00")).collect();
    assert_eq!(
        both,
        [(Response, at("2026-06-01 12:00")), (Resolution, at("2026-06-02 12:00"))]
    );
    clocks.record_breach(Response);
    assert_eq!(missed(&clocks, "2026-06-02 12:01"), [Resolution]);
    assert_eq!(clocks.breached(), [Response]);
    clocks.stop(Resolution);
    assert_eq!(missed(&clocks, "2026-06-02 12:01"), []);
}

#[test]
fn waiting_stops_what_the_policy_names_and_still_runs() {
    use SlaClock::{Resolution, Response};
    let levels = |response, resolution| ServiceLevels {
        waiting_pauses_response: response,
        waiting_pauses_resolution: resolution,
        ..round_the_clock().service_levels
    };
    let mut clocks = started();
    assert_eq!(clocks.stopped_by_waiting(&levels(false, false)), []);
    assert_eq!(clocks.stopped_by_waiting(&levels(true, false)), [Response]);
    assert_eq!(clocks.stopped_by_waiting(&levels(false, true)), [Resolution]);
    clocks.stop(Response);
    assert_eq!(clocks.stopped_by_waiting(&levels(true, true)), [Resolution]);
}

#[test]
fn what_waited_is_due_later_by_the_time_it_waited() {
    let mut clocks = started();
    clocks.pause(SlaClock::Resolution, at("2026-06-01 11:00"));
    assert_eq!(missed(&clocks, "2026-06-03 00:00"), [SlaClock::Response]);
    let due = clocks.resumed(at("2026-06-01 14:00"), &round_the_clock());
    assert_eq!(due.respond_by, at("2026-06-01 12:00"), "it did not wait");
    assert_eq!(due.resolve_by, at("2026-06-02 15:00"));
    clocks.set(due);
    clocks.resume();
    assert_eq!(clocks.deadlines(), due);
    assert_eq!(
        missed(&clocks, "2026-06-02 15:01"),
        [SlaClock::Response, SlaClock::Resolution]
    );
}

#[test]
fn waiting_over_a_weekend_costs_no_business_hours() {
    // Due on Tuesday noon; on Friday at four that is one hour of Friday, eight of Monday and three of Tuesday away.
    let mut clocks = Clocks::start(Deadlines {
        respond_by: at("2026-06-09 12:00"),
        resolve_by: at("2026-06-09 12:00"),
    });
    clocks.pause(SlaClock::Resolution, at("2026-06-05 16:00"));
    let due = clocks.resumed(at("2026-06-08 09:00"), &office_hours());
    assert_eq!(due.resolve_by, at("2026-06-09 13:00"));
    let unchanged = clocks.resumed(at("2026-06-05 12:00"), &office_hours());
    assert_eq!(
        unchanged.resolve_by,
        at("2026-06-09 12:00"),
        "it can't have gone on before it waited"
    );
}

#[test]
fn a_deadline_that_had_passed_before_the_waiting_stays() {
    let mut clocks = started();
    for since in ["2026-06-02 12:00", "2026-06-02 13:00"] {
        clocks.pause(SlaClock::Resolution, at(since));
        let due = clocks.resumed(at("2026-06-05 12:00"), &round_the_clock());
        assert_eq!(due.resolve_by, at("2026-06-02 12:00"));
    }
}

#[test]
fn a_clock_that_stopped_does_not_go_on() {
    let mut clocks = started();
    clocks.stop_both();
    clocks.resume();
    assert_eq!(missed(&clocks, "2026-07-01 00:00"), []);
}

proptest! {
    #[test]
    fn as_much_passes_as_was_asked_for(
        start in 0_i64..(4 * 365 * 24 * 60),
        minutes in 1_i64..(60 * 24 * 60),
        opens in 0_u16..1_439,
        length in 1_u16..1_440,
    ) {
        let closes = (opens + length).min(24 * 60);
        for settings in [round_the_clock(), with_hours(opens, closes)] {
            let from = at("2025-01-01 00:00") + TimeDelta::minutes(start);
            let due = after(from, TimeDelta::minutes(minutes), &settings);
            prop_assert_eq!(between(from, due, &settings), TimeDelta::minutes(minutes));
            prop_assert!(due >= from + TimeDelta::minutes(minutes));
        }
    }
}
