use billing::payments::provider::Provider;
use testkit::open_part;

#[test]
fn a_deployment_without_the_key_is_whole_and_takes_no_payments() {
    let provider = open_part::<Provider>(&[]).unwrap();
    assert!(!provider.is_set_up());
    assert_eq!(provider.deployment(), "local");
}

#[test]
fn what_is_given_is_used_and_its_form_is_said() {
    let given = [("STRIPE_SECRET_KEY", "sk_test_1"), ("PAYMENTS_DEPLOYMENT", "grafono-staging")];
    let provider = open_part::<Provider>(&given).unwrap();
    assert!(provider.is_set_up());
    assert_eq!(provider.deployment(), "grafono-staging");
    let bad =
        open_part::<Provider>(&[("STRIPE_SECRET_KEY", "sk\ntest"), ("STRIPE_URL", "a.example")]).unwrap_err();
    let expected = "STRIPE_SECRET_KEY must be a secret key of Stripe such as sk_live_…; \
        STRIPE_URL must be an address such as https://api.stripe.com";
    assert_eq!(bad.to_string(), expected);
}
