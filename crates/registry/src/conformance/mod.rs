//! What every engine of the registry must do, as functions that take an empty registry.
//!
//! An engine's tests name [`conformance_suite!`](crate::conformance_suite) once, with a function that makes an
//! empty registry: it expands to one test for each function here, so that none is left out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "test code: a failed expectation is a panic"
)]

pub mod cameras;
pub mod concurrency;
pub mod devices;
pub mod events;
pub mod fixture;
pub mod histories;
pub mod homes;
pub mod ingest;
pub mod invitation_codes;
pub mod lockdowns;
pub mod members;
pub mod operator_visits;
pub mod paging;
pub mod people;
pub mod reports;
pub mod restored;
pub mod retention;
pub mod shares;
pub mod tokens;
pub mod uploads;

/// Makes a test of each function of the suite. The argument is a function without arguments that makes an empty
/// registry, and something that is kept until the test ends (such as a folder).
#[macro_export]
macro_rules! conformance_suite {
    ($empty:path) => {
        $crate::conformance_suite! { @ $empty;
            people::the_installation_is_made_once,
            people::another_master_key_takes_all_custodies_along_or_none,
            people::a_link_is_redeemed_once,
            people::a_taken_address_leaves_the_link_unused,
            people::rows_that_do_not_belong_together_make_no_account,
            people::a_reset_replaces_the_password_and_ends_all_sessions,
            people::a_session_ends,
            people::ending_all_sessions_can_spare_one,
            people::sessions_are_listed_noticed_and_ended_one_by_one,
            people::a_new_password_ends_other_sessions,
            people::expired_sessions_and_links_are_purged,
            tokens::a_token_is_beside_sessions_and_no_session,
            tokens::an_account_has_so_many_tokens,
            tokens::tokens_end_with_a_password_and_with_all_sessions,
            tokens::the_use_of_a_token_is_noted,
            homes::a_stranger_sees_nothing,
            homes::a_stranger_changes_nothing,
            homes::a_revoked_grant_opens_nothing,
            homes::a_grant_without_the_control_key_writes_nothing,
            homes::settings_change_and_figures_count,
            homes::local_homes_have_their_agent,
            members::an_invitation_is_accepted_once,
            members::an_invitation_that_ended_is_not_accepted,
            members::who_accepts_is_who_is_named,
            members::a_member_is_not_invited_in_twice,
            members::a_home_has_room_for_so_many,
            members::a_roster_follows_the_one_before,
            members::a_note_that_does_not_verify_ends_its_grant,
            members::the_last_owner_stays,
            members::who_leaves_is_out_and_an_epoch_is_due,
            members::a_grant_is_settled_once,
            members::an_older_home_gets_its_roster_from_its_only_owner,
            members::an_epoch_renews_everything_and_no_event,
            members::an_epoch_that_leaves_something_out_is_not_begun,
            members::an_erased_home_is_nobodys,
            members::an_erased_account_leaves_its_homes_and_its_address,
            members::what_was_sealed_under_a_former_epoch_is_not_written,
            invitation_codes::a_code_leaves_a_note_until_it_is_confirmed,
            invitation_codes::a_code_that_ended_takes_nobody,
            invitation_codes::who_asks_is_who_is_named,
            invitation_codes::only_what_was_seen_is_confirmed,
            invitation_codes::an_epoch_takes_along_who_waits,
            invitation_codes::a_code_goes_with_its_home_and_with_who_asked,
            shares::a_share_finds_its_cameras_events,
            shares::a_share_has_a_begin_and_an_end,
            shares::a_share_is_accepted_once_by_who_is_named,
            shares::a_share_is_settled_once,
            shares::a_share_ends_at_once,
            shares::an_epoch_leaves_no_share_behind,
            shares::an_event_is_erased_by_who_finds_it,
            shares::a_home_has_so_many_shares,
            histories::a_history_finds_what_the_model_says,
            cameras::a_camera_is_made_changed_and_erased,
            cameras::a_camera_with_an_epoch_of_another_is_refused,
            cameras::a_configuration_out_of_turn_leaves_nothing_written,
            cameras::a_test_confirmed_becomes_a_camera,
            cameras::a_test_confirmed_changes_an_existing_camera,
            cameras::a_test_cancelled_or_expired_is_erased,
            devices::pairing_from_code_to_first_configuration,
            devices::an_answer_that_changed_is_not_accepted,
            devices::a_rejected_answer_can_be_given_anew,
            devices::configurations_come_one_by_one,
            devices::a_removed_device_leaves_its_cameras,
            devices::calls_are_noted,
            devices::what_a_device_recorded_before_it_left_may_be_taken,
            devices::runs_follow_each_other_until_two_devices_are_found,
            ingest::an_event_is_kept_once,
            ingest::an_id_is_unique_in_its_home,
            ingest::events_of_others_are_refused,
            ingest::a_still_replaces_the_one_before,
            ingest::a_device_finds_cameras_of_its_home_only,
            events::an_event_is_found_with_all_that_opens_it,
            events::opened_is_each_accounts_own,
            events::what_is_no_event_leaves_the_list,
            events::a_day_has_its_events_and_gaps,
            events::a_day_of_many_gaps_says_so,
            events::an_erased_event_is_a_tombstone,
            events::changes_are_announced_after_the_commit,
            paging::pages_are_those_of_the_model,
            reports::the_latest_report_is_kept,
            reports::reports_on_others_are_refused,
            lockdowns::a_lockdown_is_read_with_what_it_closes,
            lockdowns::a_scope_has_one_lockdown,
            lockdowns::closed_footage_is_not_erased,
            lockdowns::a_lockdown_is_announced,
            lockdowns::a_lockdown_of_a_home_is_told_to_holders_of_shares,
            lockdowns::no_session_begins_where_signing_in_is_closed,
            operator_visits::a_visit_is_found_until_it_ends,
            operator_visits::a_visit_ends_with_a_restore,
            restored::a_restored_home_opens_nothing_until_an_owner_confirms_it,
            restored::a_device_that_does_not_belong_any_more_ends_with_the_confirmation,
            restored::a_share_of_a_restored_home_opens_nothing,
            restored::what_ends_access_is_counted,
            uploads::a_device_that_uploads_keeps_its_latest_configuration,
            uploads::a_device_that_uploads_is_made_whole_or_not_at_all,
            uploads::an_upload_is_known_by_its_mac,
            retention::old_events_and_oldest_events,
            retention::what_went_for_want_of_space_is_written_down,
            retention::objects_are_listed_in_order,
            concurrency::members_of_a_group_fail_alone,
            concurrency::one_of_many_writers_gets_the_serial,
            concurrency::readers_see_whole_transactions,
            concurrency::a_dropped_write_is_whole_or_absent,
        }
    };
    (@ $empty:path; $($module:ident :: $name:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let (registry, _kept) = $empty();
                $crate::conformance::$module::$name(registry).await;
            }
        )+
    };
}
