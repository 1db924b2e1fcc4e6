//! Every point at which a run can be killed: for each call that changes something, before its effect, after its effect
//! with the reply lost, and after the reply. The same command run again ends in the state of an undisturbed run, with
//! nothing made twice and the database reset at most once.
//!
//! The points are found by going on until a run ends before the next one. None is left out.

mod enumeration;
mod point;

use system_tests::Kind;

use system_tests::scenario::Operation;

macro_rules! enumerations {
    ($($name:ident: $operation:ident, $kind:ident;)*) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                enumeration::of(Operation::$operation, Kind::$kind).await.unwrap();
            }
        )*
    };
}

enumerations! {
    create_autoscaling: Create, Autoscaling;
    create_provisioned: Create, Provisioned;
    update_autoscaling: Update, Autoscaling;
    update_provisioned: Update, Provisioned;
    update_with_reset_autoscaling: UpdateWithReset, Autoscaling;
    update_with_reset_provisioned: UpdateWithReset, Provisioned;
    delete_autoscaling: Delete, Autoscaling;
    delete_provisioned: Delete, Provisioned;
    delete_with_reset_autoscaling: DeleteWithReset, Autoscaling;
    delete_with_reset_provisioned: DeleteWithReset, Provisioned;
}
