internal import Basics
internal import Drivers
internal import Formats
internal import HTTPClient

/// The codes of this provider's faults; docs/providers/docker.md explains each.
enum FaultCode: String, CaseIterable {
    case notFound = "DOCKER-0001"
    case nameTaken = "DOCKER-0002"
    case busy = "DOCKER-0003"
    case refused = "DOCKER-0004"
    case engineError = "DOCKER-0005"
    case notReached = "DOCKER-0006"
    case lost = "DOCKER-0007"
    case brokenAnswer = "DOCKER-0008"
    case pullFailed = "DOCKER-0009"
    case pullLimit = "DOCKER-0010"
    case tooOld = "DOCKER-0011"
    case inUse = "DOCKER-0012"
    case impossible = "DOCKER-0013"
    case ambiguous = "DOCKER-0014"
    case endedAtOnce = "DOCKER-0015"
    case notAllowed = "DOCKER-0016"
    case tookTooLong = "DOCKER-0017"
}

/// One call as the driver names it, for faults.
struct CallSite: Sendable {
    /// `containers.list`.
    let operation: String
    let method: String
    /// Without the version.
    let path: String

    var place: String { "\(method) \(path)" }
    var isRead: Bool { method == "GET" }
}

extension ProviderFault {
    /// A fault of this provider.
    static func make(
        _ code: FaultCode, _ site: CallSite, _ message: String, hint: String? = nil, status: Int = 0,
        _ disposition: Disposition
    ) -> ProviderFault {
        ProviderFault(
            provider: "docker", operation: site.operation, code: code.rawValue, message: message, place: site.place,
            hint: hint, status: status, disposition: disposition)
    }

    /// What an answer that is no success means; its words are those of the engine: `{"message": "…"}`.
    static func answer(_ response: HTTPResponse, site: CallSite) -> ProviderFault {
        let status = response.status
        guard let message = (try? JSONDocument(response.body))?.root["message"].string else {
            // The engine always says why: this is something else that answers in its place.
            return broken(site, status: status, "it is no message of an engine")
        }
        func fault(
            _ code: FaultCode, _ what: String, _ disposition: Disposition, hint: String? = nil
        ) -> ProviderFault {
            make(code, site, "\(what): \(message)", hint: hint, status: status, disposition)
        }
        switch status {
        case 400 where message.contains("client version"):
            return fault(.tooOld, "the engine speaks another version of the API", .stop, hint: "upgrade the engine")
        case 401,
            403 where !message.contains("active endpoints") && !message.contains("has active"):
            return fault(.notAllowed, "the engine refuses this", .stop)
        case 403: return fault(.inUse, "it is in use", .stop, hint: "remove what uses it first")
        case 404: return fault(.notFound, "there is no such thing", .observeAgain)
        case 409 where message.contains("already in use") || message.contains("already exists"):
            return fault(.nameTaken, "the name is taken", .observeAgain, hint: "run `reconcile --dry-run`")
        case 409 where message.contains("is already in progress"):
            return fault(.busy, "it is being removed already", .retry(after: .seconds(5)))
        case 409: return fault(.inUse, "it is in use", .stop, hint: "remove what uses it first")
        case 500...:
            return fault(
                .engineError, "the engine answered \(status)", site.isRead ? .retry(after: nil) : .observeAgain)
        default:
            return fault(
                .refused, "the engine refused the request with \(status)", .waitForNewCommit,
                hint: "correct the value in the repository; the message is the engine's own")
        }
    }

    /// What a missing answer means.
    static func transport(_ fault: HTTPFault, site: CallSite) -> ProviderFault {
        if fault.mayHaveHadEffect, !site.isRead {
            return make(
                .lost, site, "the answer was lost, so the effect is not known: \(fault.message)", .observeAgain)
        }
        let disposition: Disposition = fault.mayHaveHadEffect ? .retry(after: nil) : fault.disposition
        return make(
            fault.mayHaveHadEffect ? .lost : .notReached, site, "the engine could not be reached: \(fault.message)",
            hint: "does it run, and is DOCKER_HOST right? `reconcile doctor` asks it", disposition)
    }

    /// An answer that isn't what it has to be.
    static func broken(_ site: CallSite, status: Int, _ what: String) -> ProviderFault {
        make(
            .brokenAnswer, site, "the answer can't be read: \(what)", hint: "is DOCKER_HOST an engine?",
            status: status, site.isRead ? .retry(after: nil) : .observeAgain)
    }

    var isNotFound: Bool { code == FaultCode.notFound.rawValue }

    /// The same words for an outcome: nothing happened, or nobody knows.
    var outcome: StepOutcome {
        disposition == .observeAgain && !isNotFound && code != FaultCode.nameTaken.rawValue
            ? .unknown(self) : .failed(self)
    }
}
