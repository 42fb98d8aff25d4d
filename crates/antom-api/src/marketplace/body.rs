//! Bodies that are read from an object, declared member by member.

/// Declares a body: its fields, each read from the member that is named. Members that are not listed are kept in `other`.
macro_rules! body {
    (
        $(#[$about:meta])*
        pub struct $name:ident {
            $( $(#[$about_field:meta])* $field:ident: $type:ty = $read:ident($member:literal), )+
        }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $name {
            $( $(#[$about_field])* pub $field: $type, )+
            /// Everything else.
            pub other: crate::model::UnknownFields,
        }

        impl crate::model::FromFields for $name {
            fn from_fields(mut fields: crate::model::Fields) -> Result<Self, crate::model::BodyError> {
                Ok(Self { $( $field: fields.$read($member)?, )+ other: fields.rest() })
            }
        }
    };
}

/// The same, for the answer to a call: `S` means done.
macro_rules! receipt {
    ($(#[$about:meta])* pub struct $name:ident $fields:tt) => {
        crate::marketplace::body::body! { $(#[$about])* pub struct $name $fields }

        impl crate::model::Body for $name {
            fn outcome_of_success(&self) -> crate::answer::Outcome {
                crate::answer::Outcome::Found
            }
        }
    };
}

pub(super) use {body, receipt};
