//! Every call that changes something, met by every fault: an error before or after its effect, once, a few times and for
//! ever, a reply that never comes, a connection that is reset; and reads that lag behind each change. A run either gets
//! through, or says why not and what to do; the same command without the fault then ends as an undisturbed run does.
//! All that runs said is in the snapshots.

mod enumeration;
mod fault;
mod messages;

use system_tests::Kind;

use system_tests::scenario::Operation;

macro_rules! enumerations {
    ($($name:ident: $operation:ident, $kind:ident;)*) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                let said = enumeration::of(Operation::$operation, Kind::$kind).await.unwrap();
                insta::assert_snapshot!(stringify!($name), said);
            }
        )*
    };
}

enumerations! {
    create_autoscaling: Create, Autoscaling;
    create_provisioned: Create, Provisioned;
    update_with_reset_autoscaling: UpdateWithReset, Autoscaling;
    update_with_reset_provisioned: UpdateWithReset, Provisioned;
    delete_with_reset_autoscaling: DeleteWithReset, Autoscaling;
    delete_with_reset_provisioned: DeleteWithReset, Provisioned;
}
