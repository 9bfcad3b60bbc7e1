/// What the program says to the shell; scripts rely on these numbers.
public enum ClientExit: Int32, Sendable, CaseIterable {
    case done = 0
    /// The service, or a run that was waited for, failed.
    case failed = 1
    /// A confirmation is missing, the service refused, or a run waits for an approval.
    case refused = 4
    /// Nothing waits for what was to be done.
    case nothing = 5
    /// An unknown command or option.
    case usage = 64
    /// Nothing has the name that was given.
    case notFound = 66
    /// Nobody answers, or no service of today can do it.
    case unavailable = 69
    /// It may go through in a moment: too many requests, or the first one is still being worked on.
    case later = 75
    /// No login, or not allowed.
    case forbidden = 77
    /// Configuration or credentials are wrong.
    case configuration = 78

    /// One sentence for the manual.
    public var meaning: String {
        switch self {
        case .done: "Done."
        case .failed:
            "It failed: the service, a run that was waited for, or a log that is not as it was written; or the result can't be written."
        case .refused: "Refused: a confirmation or an approval is missing, or something else stands in the way."
        case .nothing: "Nothing waits for that: there is no change to approve."
        case .usage: "Wrong usage: an unknown command or option, or a value that an option can't have."
        case .notFound: "Nothing has that name: no environment, run, resource, delivery or key."
        case .unavailable: "Nobody answers at the address, or no service of today can do that."
        case .later: "Not now: too many requests, or the first one is still being worked on. Try again in a moment."
        case .forbidden: "No login, or a login that may not do that."
        case .configuration: "The client's configuration or its credentials are wrong."
        }
    }
}
