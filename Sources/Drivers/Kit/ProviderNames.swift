internal import DesiredState

/// How faults speak of one provider: its name, its codes, its words, and where its credential and address come from.
public struct ProviderNames: Sendable {
    /// The first part of the names of its kinds, `plane`.
    public let provider: String
    /// As people write it.
    public let title: String
    /// Its codes, written out so that each can be found; a provider without ``ProviderProblem/notJSON`` may answer in
    /// other forms than JSON.
    public let codes: [ProviderProblem: String]
    /// Variables that the credential and the address are usually given in.
    public let credential: String
    public let address: String
    /// What people call the credential: `token`.
    public let noun: String
    /// Statuses that mean something else here than elsewhere.
    public let statuses: [Int: ProviderProblem]
    /// What is said of a problem, where the usual words don't fit.
    public let texts: [ProviderProblem: String]
    private let ownHint: @Sendable (ProviderProblem, ProviderCall) -> String?

    public init(
        provider: String, title: String, codes: [ProviderProblem: String], credential: String, address: String,
        noun: String = "credential", statuses: [Int: ProviderProblem] = [:], texts: [ProviderProblem: String] = [:],
        hint: @escaping @Sendable (ProviderProblem, ProviderCall) -> String? = { _, _ in nil }
    ) {
        self.provider = provider
        self.title = title
        self.codes = codes
        self.credential = credential
        self.address = address
        self.noun = noun
        self.statuses = statuses
        self.texts = texts
        ownHint = hint
    }

    /// The way out of a problem; nil where the message has to do.
    func hint(_ problem: ProviderProblem, _ call: ProviderCall) -> String? {
        if let own = ownHint(problem, call) { return own }
        return switch problem {
        case .credentialRefused: "put a valid \(noun) into \(credential), then run `reconcile doctor`"
        case .notPermitted: call.permission.map { "give it \($0)" } ?? "use a \(noun) of somebody who may"
        case .paymentRequired: "look at the account's plan and bills at \(title)"
        case .overBudget: "another program may use the same \(noun); give this one its own"
        case .refused: "correct the value in the repository; the message is \(title)'s own"
        case .serverError: "the failure is \(title)'s own: the next pass tries again"
        case .unexpected: "is \(address) right?"
        case .notJSON, .brokenAnswer: "a proxy, or a wrong \(address)?"
        default: nil
        }
    }
}

/// What can be wrong with a call.
public enum ProviderProblem: Sendable, Hashable {
    case credentialRefused, notPermitted, paymentRequired, notFound, conflict, refused, overBudget, serverError
    case notJSON, brokenAnswer, lost, notReached, ambiguous, impossible, unexpected, tookTooLong, nameTaken, noValue
    /// What only one provider knows, by its code.
    case own(String)

    /// `PL-0003`.
    public func code(_ names: ProviderNames) -> String {
        if case .own(let code) = self { return code }
        return names.codes[self] ?? "PROVIDER-0001"
    }
}

/// One call as the driver names it, for faults.
public struct ProviderCall: Sendable {
    /// `states.list`.
    public let operation: String
    public let method: String
    public let path: String
    /// What the credential has to be allowed, in the provider's own word; nil where there is none.
    public let permission: String?
    /// Of a list that is read by page; the first is not counted.
    public let page: Int?
    /// A POST that changes nothing, or a GET.
    public let isRead: Bool

    public init(
        _ operation: String, _ method: String, _ path: String, permission: String? = nil, page: Int? = nil,
        isRead: Bool? = nil
    ) {
        self.operation = operation
        self.method = method
        self.path = path
        self.permission = permission
        self.page = page
        self.isRead = isRead ?? (method == "GET")
    }

    /// A step: what isn't a call by itself.
    public init(_ step: Step) {
        self.init("\(step.key.kind).\(step.operation)", "apply", "\(step.key)")
    }

    /// `GET /v2/droplets page 3`.
    public var place: String { "\(method) \(path)" + (page.map { " page \($0)" } ?? "") }
}

/// What a provider says of an error, in whatever form.
public struct ProviderError: Sendable {
    public var code: String?
    public var message: String?
    /// The provider's name for the exchange, where its body tells it.
    public var requestID: String?
    /// What it means, where the status alone says something else.
    public var problem: ProviderProblem?
    /// The words for it, where the usual ones don't fit.
    public var text: String?
    /// How long a conflict should be left alone.
    public var wait: Duration?

    public init(code: String? = nil, message: String? = nil) {
        self.code = code
        self.message = message
    }
}
