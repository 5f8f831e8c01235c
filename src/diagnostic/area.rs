//! The list of one area's diagnostics, with all that is said of each.

/// An enum of one area: a variant per diagnostic. Its doc comment is its page, in three paragraphs:
/// what it is, what it costs, what to do; then its code, usual severity, and loss.
macro_rules! area {
    ($(#[doc = $about:literal])+ $area:ident $word:literal {
        $($(#[doc = $page:literal])+ $name:ident $code:literal $severity:ident $loss:ident,)+
    }) => {
        use crate::diagnostic::Code;
        use crate::diagnostic::Loss;
        use crate::diagnostic::Severity;

        $(#[doc = $about])+
        #[allow(clippy::enum_variant_names, reason = "`report/not-a-report` is a fine code")]
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum $area {
            $($(#[doc = $page])+ $name,)+
        }

        impl $area {
            pub(super) const ALL: &[Code] = &[$(Code::$area(Self::$name),)+];

            pub const fn code(self) -> Code {
                Code::$area(self)
            }

            pub(super) fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($word, "/", $code),)+
                }
            }

            pub(super) fn severity(self) -> Severity {
                match self {
                    $(Self::$name => Severity::$severity,)+
                }
            }

            pub(super) fn loss(self) -> Loss {
                match self {
                    $(Self::$name => Loss::$loss,)+
                }
            }

            pub(super) fn page(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($($page, "\n"),+),)+
                }
            }
        }

        impl From<$area> for Code {
            fn from(code: $area) -> Self {
                Self::$area(code)
            }
        }

        impl PartialEq<$area> for Code {
            fn eq(&self, other: &$area) -> bool {
                *self == Self::$area(*other)
            }
        }
    };
}

pub(super) use area;
