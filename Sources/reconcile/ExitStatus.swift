/// What the program says to the shell; scripts rely on these numbers.
enum ExitStatus: Int32, Sendable, CaseIterable {
    case done = 0
    /// A provider, the store or a step failed.
    case failed = 1
    /// Changes are pending; only with `--detailed-exitcode`.
    case changesPending = 2
    /// Nothing is pending but drift was found; only with `--detailed-exitcode`.
    case drift = 3
    /// A guard, a policy, a missing approval or a stale plan.
    case refused = 4
    case usage = 64
    /// The desired state is invalid.
    case invalid = 65
    case configuration = 78

    /// One sentence for the manual.
    var meaning: String {
        switch self {
        case .done: "Done."
        case .failed:
            "It failed: a provider, the store, the repository, a step; somebody stopped it; or the result can't be written."
        case .changesPending: "Changes are pending; only with --detailed-exitcode."
        case .drift: "Nothing is pending, but drift was found; only with --detailed-exitcode."
        case .refused: "Refused: a guard, a policy, a missing approval, or a saved plan that is stale or was changed."
        case .usage: "Wrong usage: an unknown option, or a name that nothing has."
        case .invalid: "The desired state is invalid."
        case .configuration: "The configuration is wrong."
        }
    }
}
