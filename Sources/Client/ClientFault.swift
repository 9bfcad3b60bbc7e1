public import Basics
public import Formats

/// The client could not do what it was asked for.
public struct ClientFault: Fault {
    public let code: String
    public let message: String
    public let place: String?
    public let hint: String?
    public let exit: ClientExit
    /// The error as the service wrote it; nil where the fault is not the service's.
    public let answer: Value?
    /// Whether only time is missing, as long as the service begins anew or is asked too often: who watches goes on.
    let isPassing: Bool

    public var disposition: Disposition { exit == .later ? .retry(after: nil) : .stop }

    init(
        _ code: String, _ exit: ClientExit, _ message: String, place: String? = nil, hint: String?,
        answer: Value? = nil, isPassing: Bool = false
    ) {
        self.code = code
        self.exit = exit
        self.message = message
        self.place = place
        self.hint = hint
        self.answer = answer
        self.isPassing = isPassing
    }

    /// After how long the service wants to be asked again; nil where it doesn't say.
    var retryAfter: Duration? { answer?["details"]?["retry_after_seconds"]?.intValue.map { .seconds($0) } }

    /// The same, said to whoever watched a run: that goes on.
    func leaving(run id: String) -> ClientFault {
        let mend = hint.map { $0 + ($0.hasSuffix(".") ? " " : ". ") } ?? ""
        return ClientFault(
            code, exit, "\(message); run \(id) goes on without being watched", place: place,
            hint: "\(mend)Then go on watching: odooops runs watch \(id)")
    }

    /// For `--json`.
    var document: Value {
        if let answer { return answer }
        var object = Value.Object()
        object["code"] = .string(code)
        object["message"] = .string(message)
        object["place"] = place.map { .string($0) } ?? .null
        object["remediation"] = hint.map { .string($0) } ?? .null
        return .object(object)
    }

    static func unreachable(
        _ what: String, _ address: ServiceAddress, hint: String?, isPassing: Bool = true
    ) -> ClientFault {
        let start =
            address.isLoopback
            ? "Start the service here: reconcile run. Or name another one: odooops context add NAME --url URL"
            : "Look at the address: odooops context list. Or say another one: --url URL"
        return ClientFault(
            "CLI-0001", .unavailable, "nobody answers at \(address.text): \(what)", hint: hint ?? start,
            isPassing: isPassing)
    }

    static func unanswered(_ what: String, place: String?, key: String?) -> ClientFault {
        ClientFault(
            "CLI-0002", .unavailable,
            key == nil ? "no whole answer came: \(what)" : "no whole answer came, and it may have been done: \(what)",
            place: place,
            hint: key.map { "Send it again under the same key, then it is done once: --idempotency-key \($0)" }
                ?? "Try again, or wait longer: --timeout 2m", isPassing: key == nil)
    }

    /// With the key of a write, which may have been done: its answer may have been cut on the way.
    static func strange(
        _ what: String, _ address: ServiceAddress, key: String? = nil, isPassing: Bool = false
    ) -> ClientFault {
        let again = key.map {
            ". It may have been done; sent again under the same key it is done once: --idempotency-key \($0)"
        }
        return ClientFault(
            "CLI-0003", .failed, "the answer is none of this API: \(what)", place: address.text,
            hint: "Look whether the address is that of the service, without /api: odooops context list" + (again ?? ""),
            isPassing: isPassing)
    }

    /// A key that was made by the very same request before: nobody can be shown it again.
    static func shownBefore(_ name: String, again command: String) -> ClientFault {
        ClientFault(
            "CLI-0013", .refused,
            "the key \(name) was made before, and can't be shown again: where the first answer was lost, nobody has it",
            hint: "End it: odooops keys revoke \(name.shellQuoted). Then make it again: \(command)")
    }

    static func notThere(_ what: String, instead: String) -> ClientFault {
        ClientFault("CLI-0004", .unavailable, what, hint: instead)
    }

    static func unconfirmed(_ what: String, command: String) -> ClientFault {
        ClientFault("CLI-0005", .refused, "it needs a confirmation: \(what)", hint: "If that is meant: \(command)")
    }

    static func badFile(_ what: String, _ path: String, hint: String) -> ClientFault {
        ClientFault("CLI-0006", .configuration, what, place: path, hint: hint)
    }

    static func openToOthers(_ path: String) -> ClientFault {
        ClientFault(
            "CLI-0007", .configuration, "others may read the file, and it holds what proves who you are", place: path,
            // The mode of a device or a pipe is not one's own to change.
            hint: FileSystem.isRegular(path)
                ? "Run: chmod 600 \(path.shellQuoted)"
                : "Name a file that only you can read, or - to give it on standard input.")
    }

    static func badContext(_ what: String, hint: String) -> ClientFault {
        ClientFault("CLI-0008", .configuration, what, hint: hint)
    }

    static func badAddress(_ what: String, hint: String) -> ClientFault {
        ClientFault("CLI-0009", .configuration, what, hint: hint)
    }

    /// - Parameters:
    ///   - run: its id.
    ///   - phase: how it ended.
    ///   - reason: what it says of that itself.
    ///   - standing: how what it left to people stands by now; nil where nobody told.
    /// - Returns: that it did not do all, and what to do about it.
    static func ended(_ run: String, _ phase: String, _ reason: String?, _ standing: PlanStanding?) -> ClientFault {
        let why = reason.map { ": \($0)" } ?? ""
        if phase == "awaiting_approval", let standing, !standing.isWaiting {
            return ClientFault(
                "CLI-0010", .refused, "run \(run) did not do all that is wanted: it left some of it to people\(why)",
                hint: standing.text(ofPlan: run))
        }
        return phase == "awaiting_approval"
            ? ClientFault(
                "CLI-0010", .refused, "run \(run) did not do all that is wanted: it waits for an approval\(why)",
                hint: "Look: odooops plan show \(run). Then: odooops approve \(run)")
            : ClientFault(
                "CLI-0010", .failed, "run \(run) did not do all that is wanted: it is \(phase)\(why)",
                hint: "Look: odooops runs show \(run)")
    }

    static func waitedInVain(_ what: String, _ deadline: Duration, run: String? = nil) -> ClientFault {
        ClientFault(
            "CLI-0011", .later, "\(what) within \(deadline.shortText); it goes on without being watched",
            hint: (run.map { "Go on watching: odooops runs watch \($0)." } ?? "Look: odooops runs list.")
                + " Or wait longer: --wait-for 30m")
    }
}
