public import Basics

/// The store refused, or can't be reached.
public struct StoreFault: Fault {
    /// What is wrong, and so whether waiting can help.
    public enum Kind: Sendable, Hashable {
        /// Nobody answers, or the file can't be opened.
        case unreachable
        /// Somebody else holds it for longer than we wait.
        case locked
        case full
        case readOnly
        /// Written by a later version of this program.
        case newerVersion
        /// A table exists in a shape that ours can't live beside.
        case incompatible
        /// A constraint, a syntax error: a mistake of ours.
        case refused
        /// The lease or its fence was lost.
        case fenced
        /// The data source name can't be used.
        case badAddress
        /// The answer to a commit was lost: what it wrote is there or not, so look before it is repeated.
        case unknown
        /// This machine's clock is not that of the store's server: nothing can be said to be over by it.
        case wrongClock
    }

    public let kind: Kind
    public let code: String
    public let message: String
    public let place: String?
    public let hint: String?

    public init(_ kind: Kind, code: String, message: String, place: String? = nil, hint: String? = nil) {
        self.kind = kind
        self.code = code
        self.message = message
        self.place = place
        self.hint = hint
    }

    /// Whether a statement was refused, as a table does that is another program's too, with rules of its own.
    public var isRefusal: Bool { kind == .refused || kind == .incompatible }

    public var disposition: Disposition {
        switch kind {
        case .unreachable, .locked, .full, .wrongClock: .retry(after: nil)
        case .unknown: .observeAgain
        case .readOnly, .newerVersion, .incompatible, .refused, .fenced, .badAddress: .stop
        }
    }
}
