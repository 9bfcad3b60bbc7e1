public import Basics
import DesiredState
import Diff
public import Formats
public import Store

extension EnvironmentRow {
    /// As `reconcile env list --json` and the API show it.
    ///
    /// - Parameters:
    ///   - now: the present.
    ///   - drift: open differences; only those of this environment count.
    /// - Returns: an object.
    public func document(at now: Timestamp, drift: [DriftRecord]) -> Value {
        let alarming = drift.count { $0.environment == slug && !$0.isQuiet }
        let sync = sync(alarming: alarming, at: now)
        var object = Value.Object()
        object.reserveCapacity(34)
        object.append("name", .string(slug))
        object.append("tier", .string(tier.rawValue))
        object.append("ttl_class", .text(ttlClass?.rawValue))
        object.append("branch", .text(branch))
        object.append("status", .string(status.rawValue))
        object.append("sync", .string(sync.word.rawValue))
        object.append("sync_reason", .string(sync.reason))
        object.append("drift", .count(alarming))
        // What the last pass found of it is over with it.
        let isGone = status == .gone
        object.append("health", .string((isGone ? .unknown : standing?.health ?? .unknown).rawValue))
        object.append("health_reason", isGone ? "it is gone: nothing of it runs" : .text(standing?.healthReason))
        object.append("revision", .text(headCommit))
        object.append("created_at", .text(createdAt?.description))
        let end = endsAt(now)
        object.append("expires_at", .text(end?.description))
        object.append("seconds_left", .count(end.map { Int(($0 - now).components.seconds) }))
        object.append("unwanted_since", .text(isKnownUnwanted ? unwantedSince?.description : nil))
        object.append("goes_at", .text(doubt == nil ? goesAt(now)?.description : nil))
        object.append("keep", .text(keepCommand(at: now)))
        object.append("extension_days", .count(extensionDays))
        object.append("pinned", .bool(isPinned))
        object.append("pinned_until", .text(pinnedUntil?.description))
        object.append("pin_reason", .text(pinReason))
        object.append("pinned_by", .text(pinnedBy))
        object.append("suspended", .bool(isSuspended(at: now)))
        object.append("suspended_until", .text(suspendedUntil?.description))
        object.append("suspend_reason", .text(suspendReason))
        object.append("suspended_by", .text(suspendedBy))
        object.append("deployed_at", .text(deed?.at.description))
        object.append("deployed_revision", .text(deed?.revision))
        object.append("deployed_by_run", .text(deed?.runID))
        object.append("active_at", .text(activeAt?.description))
        object.append("host", .text(host))
        object.append("domain", .text(domain))
        object.append("database", .text(database))
        object.append("cost_monthly_usd", isGone ? .null : metadata["cost_monthly_usd"] ?? .null)
        return .object(object)
    }
}

extension ApprovalRecord {
    /// As `reconcile approvals --json` and the API show it.
    public func document(at now: Timestamp) -> Value {
        var object = Value.Object()
        object["id"] = .string(id)
        object["key"] = .string(key.description)
        object["action"] = .string(action)
        object["change"] = .string(change.description)
        object["standing"] = .string(standing(at: now).rawValue)
        object["approved_by"] = .string(approvedBy)
        object["reason"] = .text(reason)
        object["run"] = .string(runID)
        object["created_at"] = .string(createdAt.description)
        object["expires_at"] = .string(expiresAt.description)
        object["revoked_at"] = .text(revokedAt?.description)
        object["revoked_by"] = .text(revokedBy)
        object["used_at"] = .text(usedAt?.description)
        object["used_by"] = .text(usedBy)
        return .object(object)
    }
}

extension AuditRecord {
    /// As `reconcile audit --json` and the API show it.
    public var document: Value {
        var object = Value.Object()
        object["at"] = .string(at.description)
        object["action"] = .string(action)
        object["target"] = .string(target)
        object["actor"] = .string(actor)
        object["detail"] = detail
        return .object(object)
    }
}

extension DeliveryRecord {
    /// As `reconcile hooks list --json` and the API show it, without headers and body.
    public var document: Value {
        var object = Value.Object()
        object["id"] = .string(id)
        object["provider"] = .string(provider)
        object["delivery_id"] = .string(deliveryID)
        object["event"] = .string(event)
        object["scope"] = .text(scope)
        object["state"] = .string(state.rawValue)
        object["attempts"] = .int(Int64(attempts))
        object["reason"] = .text(reason)
        object["error_code"] = .text(errorCode)
        object["received_at"] = .string(receivedAt.description)
        object["available_at"] = .string(availableAt.description)
        object["finished_at"] = .text(finishedAt?.description)
        object["body_bytes"] = .int(Int64(bodyBytes))
        object["body_sha256"] = .string(bodyDigest.hex)
        return .object(object)
    }
}

extension NoticeMessage {
    /// As `reconcile notices list --json` and the API show it, without its notices.
    public var document: Value {
        var object = Value.Object()
        object["id"] = .string(id)
        object["channel"] = .string(channel)
        object["group"] = .string(group)
        object["state"] = .string(state.rawValue)
        object["count"] = .int(Int64(count))
        object["attempts"] = .int(Int64(attempts))
        object["reason"] = .text(reason)
        object["error_code"] = .text(errorCode)
        object["receipt"] = .text(receipt)
        object["created_at"] = .string(createdAt.description)
        object["available_at"] = .string(availableAt.description)
        object["finished_at"] = .text(finishedAt?.description)
        return .object(object)
    }
}

extension AuditVerification {
    /// As `reconcile audit verify --json` and the API show it.
    public var document: Value {
        var document = Value.Object()
        document["whole"] = .bool(isWhole)
        document["lines"] = .int(Int64(links - (anchor?.sequence ?? 0)))
        document["cut"] = .int(Int64(anchor?.sequence ?? 0))
        document["cut_before"] = anchor.map { .string($0.before.description) } ?? .null
        document["before_the_chain"] = .int(Int64(unchained))
        document["head"] = .string(head)
        document["faults"] = .list(
            faults.map { ["record": .string($0.record), "message": .string($0.message)] })
        return .object(document)
    }
}
