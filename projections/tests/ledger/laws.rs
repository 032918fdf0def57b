//! What holds of the ledger whatever happened.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    ids::OrganizationId,
    postings::{
        Basis,
        testing::{Happened, History, Step, day},
    },
};
use projections::ledger::reports::{Scope, aged_receivables, trial_balance};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use uuid::Uuid;

use crate::{
    story::signed,
    support::{World, journal, organization, reckoned},
};

prop_compose! {
    fn step()(what in any::<u8>(), pick in any::<u16>(), cents in 0_u32..300_000) -> Step {
        Step { what, pick, cents }
    }
}

/// Histories of several organizations, the same ones at each run.
fn histories(count: u64, steps: usize) -> Vec<(OrganizationId, Vec<Happened>)> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[count.to_le_bytes()[0]; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = prop::collection::vec(step(), steps..=steps);
    (1..=count)
        .map(|number| {
            let mut history = History::begin(number, 4);
            for step in strategy.new_tree(&mut runner).unwrap().current() {
                history.take(step);
            }
            (organization(number), history.happened().to_vec())
        })
        .collect()
}

async fn world(histories: &[(OrganizationId, Vec<Happened>)]) -> World {
    let world = World::new().await;
    // In turns, so that organizations share batches where they share a shard.
    let longest = histories.iter().map(|(_, happened)| happened.len()).max().unwrap_or(0);
    for start in (0..longest).step_by(30) {
        for (organization, happened) in histories {
            let end = happened.len().min(start + 30);
            if start < end {
                world.append(*organization, &happened[start..end]).await;
            }
        }
    }
    world.project().await;
    world
}

#[tokio::test]
async fn each_view_of_each_entry_balances_within_its_property() {
    let world = world(&histories(4, 120)).await;
    let unbalanced: Vec<(Uuid, i64, Uuid)> = world
        .ask(
            "SELECT tenant_id, number, property_id FROM ledger_v2.lines GROUP BY 1, 2, 3
             HAVING coalesce(sum(amount) FILTER (WHERE accrual), 0) <> 0 OR coalesce(sum(amount) FILTER (WHERE cash), 0) <> 0",
        )
        .await;
    assert_eq!(unbalanced, []);
    let [(lines,)]: [(i64,); 1] = world
        .ask("SELECT count(*) FROM ledger_v2.lines")
        .await
        .try_into()
        .unwrap();
    assert!(lines > 1_000, "{lines} lines prove little");
}

#[tokio::test]
async fn journal_numbers_are_dense_and_in_the_order_of_the_log() {
    let world = world(&histories(4, 60)).await;
    let entries: Vec<(Uuid, i64, i64, i16)> = world
        .ask("SELECT tenant_id, number, position, event_index FROM ledger_v2.entries ORDER BY tenant_id, position, event_index")
        .await;
    let mut last = BTreeMap::new();
    for (tenant, number, ..) in entries {
        let last = last.entry(tenant).or_insert(0);
        assert_eq!(number, *last + 1);
        *last = number;
    }
    assert_eq!(last.len(), 4);
    let counted: Vec<(Uuid, i64)> = world
        .ask("SELECT tenant_id, entries FROM ledger_v2.organizations")
        .await;
    assert_eq!(counted.into_iter().collect::<BTreeMap<_, _>>(), last);
}

#[tokio::test]
async fn every_entry_leads_back_to_its_event() {
    let world = world(&histories(4, 60)).await;
    let lost: Vec<(Uuid, i64)> = world
        .ask(
            "SELECT n.tenant_id, n.number FROM ledger_v2.entries n
               LEFT JOIN events e ON e.shard = n.shard AND e.position = n.position AND e.event_id = n.event_id
                AND e.tenant_id = n.tenant_id AND e.event_type = n.event_type AND e.aggregate_id = n.aggregate_id
              WHERE e.event_id IS NULL OR n.epoch <> 1",
        )
        .await;
    assert_eq!(lost, []);
}

#[tokio::test]
async fn a_correction_is_the_exact_inverse_of_its_original_in_the_books_too() {
    let world = world(&histories(4, 120)).await;
    let [(corrections,)]: [(i64,); 1] = world
        .ask("SELECT count(*) FROM ledger_v2.entries WHERE reverses IS NOT NULL")
        .await
        .try_into()
        .unwrap();
    assert!(corrections > 20, "{corrections} corrections prove little");
    let different: Vec<(Uuid, i64)> = world
        .ask(
            "WITH pairs AS (SELECT tenant_id, number, reverses FROM ledger_v2.entries WHERE reverses IS NOT NULL),
             correction AS (SELECT p.tenant_id, p.number, l.line, l.account, l.accrual, l.cash, -l.amount AS amount, l.property_id,
                                   l.unit_id, l.lease_id, l.item_id, l.bank_account_id
                              FROM pairs p JOIN ledger_v2.lines l USING (tenant_id, number)),
             original AS (SELECT p.tenant_id, p.number, l.line, l.account, l.accrual, l.cash, l.amount, l.property_id,
                                 l.unit_id, l.lease_id, l.item_id, l.bank_account_id
                            FROM pairs p JOIN ledger_v2.lines l ON l.tenant_id = p.tenant_id AND l.number = p.reverses)
             SELECT tenant_id, number FROM (TABLE correction EXCEPT TABLE original) AS d
             UNION SELECT tenant_id, number FROM (TABLE original EXCEPT TABLE correction) AS d
             UNION SELECT p.tenant_id, p.number FROM pairs p JOIN pairs o ON o.tenant_id = p.tenant_id AND o.number = p.reverses",
        )
        .await;
    assert_eq!(different, []);
}

#[tokio::test]
async fn the_trial_balance_is_what_the_posting_table_alone_gives() {
    let histories = histories(4, 120);
    let world = world(&histories).await;
    for (organization, happened) in &histories {
        let entries = journal(happened);
        let properties: BTreeSet<_> = entries.iter().map(|entry| entry.dimensions.property).collect();
        let days: BTreeSet<_> = entries.iter().map(|entry| entry.effective_on).collect();
        let last = *days.last().unwrap();
        for as_of in days.into_iter().step_by(5).chain([last, day(1, 1)]) {
            for property in properties.iter().copied().map(Some).chain([None]) {
                for basis in [Basis::Accrual, Basis::Cash] {
                    let scope = Scope { basis, as_of, property };
                    let report = trial_balance(&world.pools.app, *organization, scope).await.unwrap();
                    let expected = reckoned(&entries, basis, as_of, property.map(|property| property.0));
                    assert_eq!(signed(&report), expected, "{scope:?}");
                    assert_eq!(report.debit, report.credit, "{scope:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn aged_receivables_foot_to_1200_and_their_credits_to_2200() {
    let histories = histories(4, 120);
    let world = world(&histories).await;
    for (organization, happened) in &histories {
        let entries = journal(happened);
        let days: BTreeSet<_> = entries.iter().map(|entry| entry.effective_on).collect();
        for as_of in days.into_iter().step_by(3) {
            let scope = Scope::as_of(as_of);
            let aged = aged_receivables(&world.pools.app, *organization, scope).await.unwrap();
            let balances = reckoned(&entries, Basis::Accrual, as_of, None);
            let balance = |account: i16| balances.get(&account).copied().unwrap_or(0);
            assert_eq!(aged.totals.total.minor, balance(1200), "{as_of}");
            assert_eq!(aged.totals.credit.minor, -balance(2200), "{as_of}");
            for debtor in &aged.leases {
                let due = &debtor.ages;
                let parts = [
                    due.not_yet_due,
                    due.days_0_to_30,
                    due.days_31_to_60,
                    due.days_61_to_90,
                    due.over_90_days,
                ];
                assert_eq!(due.total.minor, parts.iter().map(|part| part.minor).sum::<i64>());
                assert!(due.total.minor != 0 || due.credit.minor != 0);
            }
        }
    }
}

#[tokio::test]
async fn sums_and_open_items_are_the_sums_of_the_lines() {
    let world = world(&histories(4, 120)).await;
    let differences: Vec<(Uuid,)> = world
        .ask(
            "WITH scoped AS (
               SELECT l.tenant_id, scope, account, effective_on AS day, date_trunc('month', effective_on)::date AS month,
                      CASE WHEN accrual THEN amount ELSE 0 END AS accrual, CASE WHEN cash THEN amount ELSE 0 END AS cash
                 FROM ledger_v2.lines l, unnest(ARRAY[tenant_id, property_id]) AS scope)
             SELECT tenant_id FROM (
               SELECT tenant_id, scope, account, day, sum(accrual)::bigint AS accrual, sum(cash)::bigint AS cash
                 FROM scoped GROUP BY 1, 2, 3, 4) AS l
               FULL JOIN ledger_v2.balances b USING (tenant_id, scope, account, day)
              WHERE (l.accrual, l.cash) IS DISTINCT FROM (b.accrual, b.cash)
             UNION ALL
             SELECT tenant_id FROM (
               SELECT tenant_id, scope, account, month, sum(accrual)::bigint AS accrual, sum(cash)::bigint AS cash
                 FROM scoped GROUP BY 1, 2, 3, 4) AS l
               FULL JOIN ledger_v2.balances_by_month b USING (tenant_id, scope, account, month)
              WHERE (l.accrual, l.cash) IS DISTINCT FROM (b.accrual, b.cash)
             UNION ALL
             SELECT tenant_id FROM (
               SELECT tenant_id, item_id AS id, account, sum(amount)::bigint AS balance
                 FROM ledger_v2.lines WHERE account IN (1200, 2100, 2200) GROUP BY 1, 2, 3) AS l
               FULL JOIN ledger_v2.items i USING (tenant_id, id, account)
              WHERE l.balance IS DISTINCT FROM i.balance",
        )
        .await;
    assert_eq!(differences, []);
}

#[tokio::test]
async fn a_replay_in_batches_of_any_size_equals_what_was_kept_up_to_date() {
    let world = world(&histories(4, 60)).await;
    let kept = world.dump().await;
    for events in [1, 7, 64, 5_000] {
        world.rebuild(events).await;
        assert!(world.dump().await == kept, "in batches of {events}");
    }
}
