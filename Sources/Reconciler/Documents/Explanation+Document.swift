import Basics
import DesiredState
import Diff
public import Formats
import Git
import Store

extension Explanation {
    /// As `reconcile explain --json` and the API show it.
    public var document: Value {
        var object = Value.Object()
        object["type"] = "resource"
        object["key"] = .string(key.description)
        object["obstacle"] = obstacle.map { $0.document(path) } ?? .null
        object["next_wake"] = nextWake.document
        object["revision"] = .string(outlook.desired.revision)
        object["head"] = outlook.head
        object["commit"] = provenance?.commit?.document ?? .null
        object["wish"] = .string(resource != nil ? "known" : doubt == nil ? "none" : "unknown")
        object["source"] = .text(resource?.source.description ?? doubt?.mark?.description)
        object["attributes"] = .list((provenance?.origins ?? []).map(\.document))
        object["precedence"] = .strings(provenance?.precedence ?? [])
        object["environment"] = .text(environment)
        object["provider_id"] = .text(entry?.providerID)
        object["observed"] = .string(observation)
        object["action"] = .string(change?.action.rawValue ?? (obstacle == nil ? "noop" : "read"))
        object["cause"] = .text(change?.cause.rawValue)
        object["reason"] = .text(change?.reason ?? findings.first?.message)
        object["decision"] = .string(change?.verdict.rawValue ?? (obstacle == nil ? "allowed" : "blocked"))
        object["decision_reason"] = .text(change == nil ? obstacle?.reason : change?.verdictReason)
        object["blocked_until"] = .text(change?.blockedUntil?.description)
        object["depends_on"] = .strings((change?.dependsOn ?? []).map(\.description))
        object["drift_since"] = .text(drift?.firstSeen.description)
        object["findings"] = .list(findings.map(\.document))
        return .object(object)
    }
}

extension ExplainedFinding {
    /// As `reconcile explain --json` and the API show it.
    fileprivate var document: Value {
        [
            "code": .string(code), "message": .string(message), "source": .text(source?.description),
            "hint": .text(hint), "command": .string(command),
        ]
    }
}

extension Explanation.Wake {
    fileprivate var document: Value {
        .object(["at": .text(at?.description), "reason": .string(reason)])
    }
}

extension Outlook {
    /// Who made the commit at which everything was read, which need not have changed what is asked about.
    fileprivate var head: Value {
        .object([
            "author": .string(commitAuthor), "subject": .string(commitSubject), "at": .text(committedAt?.description),
        ])
    }
}

extension GitCommit {
    /// As explanations show who changed a line last.
    fileprivate var document: Value {
        .object([
            "id": .string(id), "author": .string(author), "at": .string(committedAt.description),
            "subject": .string(subject),
        ])
    }
}

extension Obstacle {
    /// As JSON, with the resources by way of which it is in the way.
    func document(_ path: [ResourceKey]) -> Value {
        var object = Value.Object()
        object["kind"] = .string(kind.name)
        object["key"] = .string(key.description)
        object["reason"] = .string(reason)
        object["source"] = .text(source?.description)
        object["until"] = .text(until?.description)
        object["command"] = .text(command)
        object["path"] = .strings(path.map(\.description))
        return .object(object)
    }
}

extension Explained {
    /// As `reconcile explain --json` and the API show it.
    public var document: Value {
        switch self {
        case .resource(let one): one.document
        case .environment(let one): one.document
        case .entry(let one): one.document
        }
    }

    /// The same for somebody who doesn't see every environment: of what stands in the way at a resource that isn't theirs
    /// only its name, its sort and its end.
    ///
    /// - Parameter isVisible: whether they see what is of an environment; nil stands for what is of none.
    /// - Returns: the document.
    public func document(showing isVisible: (_ environment: String?) -> Bool) -> Value {
        guard let found = obstacle, !isVisible(found.environment), var object = document.objectValue else {
            return document
        }
        let obstacle = found.obstacle
        object["obstacle"] = .object([
            "kind": .string(obstacle.kind.name), "key": .string(obstacle.key.description),
            "reason": .string(
                "\(obstacle.key) is in the way (\(obstacle.kind.name)), and is not of this environment alone: ask "
                    + "somebody with the role viewer for the whole project"),
            "source": .null, "until": .text(obstacle.until?.description), "command": .null, "path": [],
        ])
        if case .environment(let one) = self {
            // The state says the line and the command of its obstacle where it has none of its own.
            if one.standing.source == obstacle.source { object["source"] = .null }
            if one.standing.command == obstacle.command { object["command"] = .null }
        }
        return .object(object)
    }
}

extension EnvironmentExplanation {
    /// As `reconcile explain --json` and the API show it.
    public var document: Value {
        var object = Value.Object()
        object["type"] = "environment"
        object["key"] = .string(slug)
        object["state"] = .string(standing.state.rawValue)
        object["reason"] = .string(standing.reason)
        object["source"] = .text(standing.source?.description)
        object["until"] = .text(standing.until?.description)
        object["command"] = .text(standing.command)
        object["also"] = .list(others.map(\.document))
        object["obstacle"] = obstacle.map { $0.document(path) } ?? .null
        object["next_wake"] = nextWake.document
        object["revision"] = .string(outlook.desired.revision)
        object["head"] = outlook.head
        object["wanted_at"] = .text(environment?.source.description)
        object["commit"] = commit?.document ?? .null
        object["attributes"] = .list(facts.map(\.document))
        object["tier"] = .text(tier?.rawValue)
        object["branch"] = .text(branch)
        object["life"] = .text(life?.phase.rawValue)
        object["expires_at"] = .text(expiresAt?.description)
        object["window"] =
            closure.map {
                .object([
                    "reason": .string($0.reason), "source": .text($0.source?.description),
                    "until": .text($0.until?.description),
                ])
            } ?? .null
        object["pull_request"] = pullRequest.map { .int($0.number) } ?? .null
        object["resources"] = .list(
            resources.map { key, change in
                .object([
                    "key": .string(key.description), "action": .string(change?.action.rawValue ?? "noop"),
                    "decision": .string(change?.verdict.rawValue ?? "allowed"),
                    "reason": .text(change.map { $0.verdictReason ?? $0.reason }),
                ])
            })
        return .object(object)
    }
}

extension EnvironmentExplanation.Standing {
    /// As the environment's own state is shown.
    fileprivate var document: Value {
        .object([
            "state": .string(state.rawValue), "reason": .string(reason), "source": .text(source?.description),
            "until": .text(until?.description), "command": .text(command),
        ])
    }
}

extension ExplainedFact {
    /// As an attribute of a resource is shown, with those who say something else.
    var document: Value {
        var object = Value.Object()
        object["name"] = .string(fact.name)
        object["value"] = .string(shown(fact.value))
        object["source"] = .text(fact.mark?.description)
        object["from"] = .text(fact.claims.first?.authority.title)
        object["commit"] = commit?.document ?? .null
        object["before"] = .list(
            fact.claims.dropFirst().map { claim in
                .object([
                    "value": .string(shown(claim.value)), "source": .text(claim.mark?.description),
                    "from": .string(claim.authority.title),
                ])
            })
        return .object(object)
    }

    /// A value for people.
    public func shown(_ value: String) -> String { Redaction.redact(value) }
}

extension EntryExplanation {
    /// As `reconcile explain --json` and the API show it.
    public var document: Value {
        var object = Value.Object()
        object["type"] = "entry"
        object["key"] = .string(key.description)
        object["reason"] = .string(Redaction.redact(title))
        object["obstacle"] = .null
        object["next_wake"] = nextWake.document
        object["revision"] = .string(outlook.desired.revision)
        object["head"] = outlook.head
        object["source"] = .string(source.description)
        object["commit"] = commit?.document ?? .null
        object["attributes"] = .list(origins.map(\.document))
        object["precedence"] = .strings(precedence)
        object["finding"] =
            finding.map {
                .object([
                    "status": .string($0.status.rawValue), "first_seen": .string($0.firstSeen.description),
                    "last_seen": .string($0.lastSeen.description), "suggested_action": .text($0.suggestedAction),
                ])
            } ?? .null
        object["command"] = .string(command)
        return .object(object)
    }
}

extension Provenance.Origin {
    /// As `reconcile explain --json` and the API show it.
    fileprivate var document: Value {
        var object = Value.Object()
        object["name"] = .string(attribute.name)
        object["value"] = .string(shown)
        object["source"] = .text(mark?.description)
        object["from"] = .string(decider)
        object["commit"] = commit?.document ?? .null
        return .object(object)
    }

    /// Its value for people, without what is sensitive.
    public var shown: String {
        switch attribute.value {
        case .literal(let literal): isHidden ? "(sensitive)" : Redaction.redact(JSON.write(literal))
        case .reference(let key, let name): "\(name) of \(key)"
        }
    }
}
