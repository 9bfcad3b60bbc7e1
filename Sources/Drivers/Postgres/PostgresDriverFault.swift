internal import Basics
internal import Drivers

/// The codes of this provider's faults; docs/providers/postgres.md explains each.
enum FaultCode: String, CaseIterable {
    case credentialRefused = "POSTGRES-0001"
    case notAllowed = "POSTGRES-0002"
    case notFound = "POSTGRES-0003"
    case nameTaken = "POSTGRES-0004"
    case busy = "POSTGRES-0005"
    case inUse = "POSTGRES-0006"
    case refused = "POSTGRES-0007"
    case notReached = "POSTGRES-0008"
    case lost = "POSTGRES-0009"
    case badAddress = "POSTGRES-0010"
    case impossible = "POSTGRES-0011"
    case noPassword = "POSTGRES-0012"
    case brokenAnswer = "POSTGRES-0013"
    case serverError = "POSTGRES-0014"
    case leaseLost = "POSTGRES-0015"
    case modulesUnreadable = "POSTGRES-0016"
    case readerShut = "POSTGRES-0017"
    case readerAddress = "POSTGRES-0018"
    case readerDatabase = "POSTGRES-0019"
    case silent = "POSTGRES-0020"
}

/// One call as the driver names it, for faults.
struct CallSite: Sendable {
    /// `databases.list`.
    let operation: String
    /// `postgres://admin@db.example:5432/postgres`, without a password.
    let server: String
    /// Whether it changes something.
    let isWrite: Bool
}

/// What libpq or the server said.
struct ServerError: Error, Sendable, Hashable {
    /// Five characters (PostgreSQL, appendix A); empty where the server said nothing.
    var state: String
    var message: String
    /// Whether the connection is gone.
    var isBroken = false
    /// Whether the statement had been sent.
    var wasSent = true
    /// Whether the address can't be read at all.
    var isBadAddress = false
    /// Whether the server took what was said and said nothing to it for as long as it may.
    var isSilent = false
}

extension ProviderFault {
    /// A fault of this provider.
    static func make(
        _ code: FaultCode, _ site: CallSite, _ message: String, hint: String? = nil, state: String = "",
        _ disposition: Disposition
    ) -> ProviderFault {
        ProviderFault(
            provider: "postgres", operation: site.operation, code: code.rawValue, message: message,
            place: site.server, hint: hint, providerCode: state.isEmpty ? nil : state, disposition: disposition)
    }

    /// What an error means.
    static func server(_ error: ServerError, site: CallSite) -> ProviderFault {
        let state = error.state
        func fault(
            _ code: FaultCode, _ what: String, _ disposition: Disposition, hint: String? = nil
        ) -> ProviderFault {
            make(code, site, "\(what): \(error.message)", hint: hint, state: state, disposition)
        }
        if error.isBadAddress {
            return make(
                .badAddress, site, error.message,
                hint: "write POSTGRES_ADMIN_URL as \(PostgresURI.form)", .stop)
        }
        if state.hasPrefix("28") || state == "3D000" && !error.wasSent {
            return fault(
                .credentialRefused, "the server doesn't let us in", .stop,
                hint: "correct the address in POSTGRES_ADMIN_URL, then run `reconcile doctor`")
        }
        if state.hasPrefix("08") || state.hasPrefix("53") || ["57P01", "57P02", "57P03"].contains(state)
            || error.isBroken
        {
            if error.wasSent, site.isWrite, error.isBroken {
                return fault(.lost, "the answer was lost, so the effect is not known", .observeAgain)
            }
            if error.isSilent {
                return fault(
                    .silent, "the server took the connection and stands still", .retry(after: nil),
                    hint:
                        "see whether the server, or a proxy or pool before it, hangs: `reconcile doctor` asks it again")
            }
            return fault(.notReached, "the server could not be reached", .retry(after: nil), hint: "does it run?")
        }
        switch state {
        case "42501":
            return fault(
                .notAllowed, "the role that we log in as may not do this", .stop,
                hint: "give it CREATEDB and CREATEROLE, and membership in the roles that own databases")
        case "42P04", "42710": return fault(.nameTaken, "the name is taken", .observeAgain)
        case "3D000", "42704": return fault(.notFound, "there is no such thing", .observeAgain)
        case "55006": return fault(.busy, "somebody is connected to it", .retry(after: .seconds(60)))
        case "2BP01":
            return fault(.inUse, "something depends on it", .stop, hint: "reassign what the role owns, by hand")
        case "57014", "40001", "40P01", "55P03": return fault(.busy, "it took too long", .retry(after: nil))
        case _ where state.hasPrefix("XX") || state.hasPrefix("58") || state.isEmpty:
            return fault(.serverError, "the server failed", site.isWrite ? .observeAgain : .retry(after: nil))
        default:
            return fault(
                .refused, "the server refused it", .waitForNewCommit,
                hint: "correct the value in the repository; the message is the server's own")
        }
    }

    var isNotFound: Bool { code == FaultCode.notFound.rawValue }

    /// Whether the server stands still, so that another question would only take as long again.
    var isSilent: Bool { code == FaultCode.silent.rawValue }

    /// The same words for an outcome: nothing happened, or nobody knows.
    var outcome: StepOutcome {
        [FaultCode.lost, .serverError].contains { $0.rawValue == code } ? .unknown(self) : .failed(self)
    }
}
