//! Tests of a camera's address: steps, still, and once each.

use std::time::Duration;

use ownsight_model::{CameraFault, CameraTestStep, EventId, SectionKind, StepOutcome, TestId, TestReport};

use crate::World;
use crate::support::{TestCamera, eventually};

fn reports(world: &World, test: TestId, draft: &TestCamera) -> Vec<TestReport> {
    let reports = world.server.shared.reports_of("test").into_iter().map(|(body, tag, named)| {
        let report: TestReport = serde_json::from_slice(&body).unwrap();
        if report.test == test {
            draft
                .secret
                .verify_report(ownsight_seal::CameraReportKind::Test, world.home.device, &body, &tag)
                .unwrap();
            assert_eq!(named["test_id"], test.to_string());
        }
        report
    });
    reports.filter(|report| report.test == test).collect()
}

async fn done(world: &World, test: TestId, draft: &TestCamera) -> TestReport {
    eventually("the test's end", || {
        let last = reports(world, test, draft).pop();
        last.filter(|report| report.done)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_sends_its_steps_and_a_sealed_still_once() {
    let mut world = World::new().await;
    let agent = world.pair().await;
    let (draft, test) = (world.camera(), TestId::generate());
    world.configure(1, &[], &[(test, &draft)]);
    let report = done(&world, test, &draft).await;
    let steps: Vec<_> = report.steps.iter().map(|step| (step.step, step.outcome)).collect();
    assert_eq!(steps, CameraTestStep::ALL.map(|step| (step, StepOutcome::Passed)));
    let event = EventId::from_bytes(*test.as_bytes());
    let object = world.server.shared.object(draft.id(), event).expect("the still came before the end");
    assert!(draft.open(&object, SectionKind::Still).unwrap().starts_with(&[0xff, 0xd8, 0xff]));
    let deliveries = world.server.shared.puts().len();

    // The next configuration still lists it, and so does the one after a restart.
    let another = world.camera();
    let second = TestId::generate();
    world.configure(2, &[], &[(test, &draft), (second, &another)]);
    done(&world, second, &another).await;
    agent.stop().await;
    let agent = world.start(None);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(world.server.shared.puts().len(), deliveries + 1, "one still for each test");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_test_names_its_step() {
    let mut world = World::new().await;
    let agent = world.pair().await;
    let draft = world.home.camera().at(&world.sim.url("/main-path"), "anna", "wrong");
    let test = TestId::generate();
    world.configure(1, &[], &[(test, &draft)]);
    let report = done(&world, test, &draft).await;
    let last = report.steps.last().unwrap();
    assert_eq!(last.step, CameraTestStep::Password);
    assert_eq!(last.outcome, StepOutcome::Failed(CameraFault::Unauthorized));
    assert!(world.server.shared.objects().is_empty());
    agent.stop().await;
}
