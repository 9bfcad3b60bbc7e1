public import Basics

/// Why a saved plan can't be used.
///
/// - `PLAN-0101`: it is no plan document, or a member is missing or of another type.
/// - `PLAN-0102`: its format version is none that this program knows.
/// - `PLAN-0103`: its content and its fingerprint disagree: it was changed after it was written.
public struct PlanFault: Fault, Hashable {
    public let code: String
    public let message: String
    /// The path of the member in the document, such as `changes[3].action`.
    public let place: String?
    public let hint: String?

    public init(code: String, message: String, place: String? = nil, hint: String? = nil) {
        self.code = code
        self.message = message
        self.place = place
        self.hint = hint
    }

    public var disposition: Disposition { .stop }
}
