internal import Basics
internal import DesiredState
public import Diff
public import Drivers
internal import Formats
internal import HTTPClient

extension SpacesDriver {
    public func steps(for change: PlannedChange) -> [Step] {
        var operations: [Step.Operation] = []
        let setsRules = change.attributes.contains { $0.path == "lifecycle_rules" }
        switch change.action {
        case .noop, .forget, .read: break
        case .create: operations = [("create", "create", true)]
        case .delete: operations = [("delete", "delete, if it is empty", false)]
        case .replace: operations = [("delete", "delete, if it is empty", false), ("create", "create", true)]
        case .adopt, .update: break
        }
        if setsRules, change.action != .delete { operations.append(("lifecycle", "set the lifecycle rules", false)) }
        return Step.list(operations, of: change.key)
    }

    public func perform(_ step: Step, of change: ResolvedChange, _ context: DriverContext) async -> StepOutcome {
        do throws(ProviderFault) {
            switch step.operation {
            case "create": return try await create(step, change, context)
            case "delete": return try await delete(step, change, context)
            case "lifecycle": return try await setLifecycle(step, change, context)
            default: throw impossible(step, "this version knows no effect named \(step.operation)")
            }
        } catch {
            return error.outcome(ofWrite: true)
        }
    }

    private func create(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        guard let region = change.wanted["region"]?.stringValue, !region.isEmpty else {
            throw impossible(step, "no region is wanted for the bucket")
        }
        guard api.endpoint.isShared || api.endpoint.regions.contains(region) else {
            throw impossible(step, "the region \(region) is none of \(api.endpoint.regions.joined(separator: ", "))")
        }
        var call = SpacesCall("buckets.create", "PUT", Self.path(step.key.name), in: region)
        if api.endpoint.isShared, region != SpacesEndpoint.anyRegion {
            call.bytes = Array(
                ("<CreateBucketConfiguration xmlns=\"\(Self.namespace)\"><LocationConstraint>\(xmlEscaped(region))"
                    + "</LocationConstraint></CreateBucketConfiguration>").utf8)
        }
        do throws(ProviderFault) {
            _ = try await api.send(call, context)
        } catch {
            guard error.providerCode == "BucketAlreadyOwnedByYou" else { throw error }
        }
        places.withLock { $0[step.key.name] = region }
        return await settle { () async throws(ProviderFault) in
            try await waitUntilVisible(step.key.name, in: region, context)
            return Self.resource(Bucket(name: step.key.name, region: region, createdAt: nil), [])
        }
    }

    /// Reads the bucket until it is there: right after a creation it may not be.
    private func waitUntilVisible(
        _ bucket: String, in region: String, _ context: DriverContext
    ) async throws(ProviderFault) {
        let end = time.uptime + limits.visibilityDeadline
        var pause = limits.firstPause
        while true {
            do throws(ProviderFault) {
                _ = try await firstKey(of: bucket, in: region, context)
                return
            } catch {
                guard error.saysNoBucket, time.uptime < end else { throw error }
            }
            do {
                try await time.sleep(for: pause)
            } catch {
                let site = CallSite(operation: "buckets.look", method: "GET", path: Self.path(bucket), region: region)
                throw .make(.tookTooLong, site, "the wait was cancelled", .observeAgain)
            }
            pause = min(pause * 2, limits.longestPause)
        }
    }

    /// The first key of a bucket; nil where it is empty.
    private func firstKey(
        of bucket: String, in region: String, _ context: DriverContext
    ) async throws(ProviderFault) -> String? {
        var call = SpacesCall("objects.list", "GET", Self.path(bucket), in: region)
        call.query = [("list-type", "2"), ("max-keys", "1")]
        let root = try await api.document(call, root: "ListBucketResult", context)
        return root["Contents"]?.text("Key")
    }

    /// Deletes a bucket that holds nothing: the server refuses one that does, and it is looked at before too.
    private func delete(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let region = place(of: step.key.name, change)
        do throws(ProviderFault) {
            let call = SpacesCall("buckets.delete", "DELETE", Self.path(step.key.name), in: region)
            guard try await firstKey(of: step.key.name, in: region, context) == nil else {
                throw .make(
                    .notEmpty, call.site, "the bucket still holds objects, and those are never deleted with it",
                    hint: "empty it by hand, if that is what you want", status: 409, .stop)
            }
            _ = try await api.send(call, context)
        } catch {
            guard error.saysNoBucket else { throw error }
        }
        places.withLock { $0[step.key.name] = nil }
        return .done(nil)
    }

    private func setLifecycle(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        let wanted = change.wanted["lifecycle_rules"] ?? .list([])
        var rules: [LifecycleRule] = []
        for item in wanted.listValue ?? [.null] {
            guard let rule = LifecycleRule(item), rule.xml != nil else {
                throw impossible(step, "a lifecycle rule is none that Spaces knows: \(item.json)")
            }
            rules.append(rule)
        }
        let region = place(of: step.key.name, change)
        var call = SpacesCall(
            "lifecycle.put", rules.isEmpty ? "DELETE" : "PUT", Self.path(step.key.name), in: region)
        call.query = [("lifecycle", "")]
        if !rules.isEmpty {
            call.bytes = Array(
                ("<LifecycleConfiguration xmlns=\"\(Self.namespace)\">\(rules.compactMap(\.xml).joined())"
                    + "</LifecycleConfiguration>").utf8)
        }
        _ = try await api.send(call, context)
        return await settle { () async throws(ProviderFault) in
            let seen = try await lifecycle(of: step.key.name, in: region, context)
            guard Set(seen) == Set(rules) else {
                throw .make(
                    .notAsSent, call.site, "the rules that were set are not those that are there", .observeAgain)
            }
            return Self.resource(
                Bucket(name: step.key.name, region: region, createdAt: change.current?.createdAt), seen)
        }
    }

    private func place(of bucket: String, _ change: ResolvedChange) -> String {
        change.current?.attributes["region"]?.stringValue ?? places.withLock { $0[bucket] }
            ?? change.wanted["region"]?.stringValue ?? api.endpoint.regions.first ?? SpacesEndpoint.anyRegion
    }

    /// Ends an effect that was accepted: whatever can't be seen from here on is unknown and not undone.
    private func settle(_ body: () async throws(ProviderFault) -> ObservedResource) async -> StepOutcome {
        do throws(ProviderFault) {
            return .done(try await body())
        } catch {
            return .unknown(error)
        }
    }

    private func impossible(_ step: Step, _ message: String) -> ProviderFault {
        let site = CallSite(
            operation: "\(step.key.kind).\(step.operation)", method: "apply", path: "\(step.key)", region: "no region")
        return .make(.impossible, site, message, .waitForNewCommit)
    }

    static let namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
}
