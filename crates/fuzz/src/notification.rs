//! Notifications of Antom.

use antom_api::marketplace::{Delivery, Notification, NotificationError, NotificationReader};
use antom_api::signature::sign;

use crate::bytes::line;
use crate::signing::ANTOM;

/// Whom notifications are for.
const CLIENT_ID: &str = "5X00000000000000";

/// Four lines are the path and the headers `client-id`, `request-time` and `signature`, the rest is the body. As it came in it is
/// never believed, since nobody has the key; signed, it is read or called unreadable, and any change of it is noticed.
pub fn notification(data: &[u8]) {
    let mut rest = data;
    let mut headers = [""; 4];
    for header in &mut headers {
        let found;
        (found, rest) = line(rest);
        let Ok(text) = std::str::from_utf8(found) else { return };
        *header = text;
    }
    let [path, client_id, request_time, signature] = headers;
    let reader = NotificationReader::new(ANTOM.public.clone(), CLIENT_ID);
    let received = Delivery { path, client_id, request_time, signature, body: rest };
    match reader.read(&received) {
        Ok(believed) => panic!("a forged notification is believed: {believed:?}"),
        Err(NotificationError::Unsigned { missing }) => {
            assert!([client_id, request_time, signature].contains(&""), "`{missing}` is there");
        }
        Err(NotificationError::OtherClient { .. }) => assert_ne!(client_id, CLIENT_ID),
        Err(NotificationError::BadSignature(_)) => {}
        Err(error) => panic!("it was read before it was verified: {error}"),
    }
    if request_time.is_empty() {
        return;
    }
    let signature = sign(&ANTOM.private, 1, path, CLIENT_ID, request_time, rest).expect("the key signs");
    genuine(&reader, &Delivery { path, client_id: CLIENT_ID, request_time, signature: &signature, body: rest });
}

/// A delivery that Antom signed.
fn genuine(reader: &NotificationReader, delivery: &Delivery<'_>) {
    match reader.read(delivery) {
        Err(NotificationError::Unreadable(error)) => assert!(!error.to_string().is_empty()),
        Err(error) => panic!("a genuine notification is not believed: {error}"),
        Ok(notified) => {
            assert_eq!(notified.raw.as_bytes(), delivery.body);
            assert_eq!(reader.read(delivery).as_ref(), Ok(&notified));
            let known = !matches!(notified.notification, Notification::Other { .. });
            assert!(known || notified.key().is_none(), "a key for a type that is not known");
            assert!(notified.key().is_none_or(|(kind, id)| !kind.is_empty() && !id.is_empty()));
        }
    }
    let longer = [delivery.body, b"\n"].concat();
    let changed = reader.read(&Delivery { body: &longer, ..*delivery });
    assert!(matches!(changed, Err(NotificationError::BadSignature(_))), "a changed body: {changed:?}");
}
