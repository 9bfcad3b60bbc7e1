import Basics
import DesiredState
import Diff
public import Formats
import Git
import Store

extension Explanation {
    /// As `reconcile explain --json` and the API show it.
    public var document: Value {
        var commit = Value.Object()
        commit["author"] = .string(outlook.commitAuthor)
        commit["subject"] = .string(outlook.commitSubject)
        commit["at"] = .text(outlook.committedAt?.description)
        var object = Value.Object()
        object["key"] = .string(key.description)
        object["obstacle"] = obstacle.map { describe($0) } ?? .null
        object["next_wake"] = .object([
            "at": .text(nextWake.at?.description), "reason": .string(nextWake.reason),
        ])
        object["revision"] = .string(outlook.desired.revision)
        object["commit"] = .object(commit)
        object["source"] = .text(resource?.source.description)
        object["attributes"] = .list(provenance.map { $0.origins.map(Self.value) } ?? [])
        object["precedence"] = .strings(provenance?.precedence ?? [])
        object["environment"] = .text(environment)
        object["provider_id"] = .text(entry?.providerID)
        object["observed"] = .string(observation)
        object["action"] = .string(change?.action.rawValue ?? "noop")
        object["cause"] = .text(change?.cause.rawValue)
        object["reason"] = .text(change?.reason)
        object["decision"] = .string(change?.verdict.rawValue ?? "allowed")
        object["decision_reason"] = .text(change?.verdictReason)
        object["blocked_until"] = .text(change?.blockedUntil?.description)
        object["depends_on"] = .strings((change?.dependsOn ?? []).map(\.description))
        object["drift_since"] = .text(drift?.firstSeen.description)
        return .object(object)
    }

    private func describe(_ obstacle: Obstacle) -> Value {
        var object = Value.Object()
        object["kind"] = .string(obstacle.kind.name)
        object["key"] = .string(obstacle.key.description)
        object["reason"] = .string(obstacle.reason)
        object["source"] = .text(obstacle.source?.description)
        object["until"] = .text(obstacle.until?.description)
        object["command"] = .text(obstacle.command)
        object["path"] = .strings(path.map(\.description))
        return .object(object)
    }

    private static func value(_ origin: Provenance.Origin) -> Value {
        var object = Value.Object()
        object["name"] = .string(origin.attribute.name)
        object["value"] = .string(origin.shown)
        object["source"] = .string(origin.mark.description)
        object["from"] = .string(origin.decider)
        object["commit"] = origin.commit.map(value) ?? .null
        return .object(object)
    }

    private static func value(_ commit: GitCommit) -> Value {
        .object([
            "id": .string(commit.id), "author": .string(commit.author), "at": .string(commit.committedAt.description),
            "subject": .string(commit.subject),
        ])
    }
}

extension Provenance.Origin {
    /// Its value for people, without what is sensitive.
    public var shown: String {
        switch attribute.value {
        case .literal(let literal): isHidden ? "(sensitive)" : Redaction.redact(JSON.write(literal))
        case .reference(let key, let name): "\(name) of \(key)"
        }
    }
}
