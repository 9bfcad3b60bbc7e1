internal import Basics
public import DesiredState
public import Diff
public import Drivers
internal import Formats
internal import HTTPClient

/// Where a bucket is, and when it came.
struct Bucket: Sendable, Hashable {
    let name: String
    let region: String
    let createdAt: Timestamp?
}

/// The buckets that could be listed, and why others could not.
struct BucketList: Sendable {
    var buckets: [Bucket] = []
    var faults: [ProviderFault] = []
}

extension SpacesDriver {
    public func observe(_ request: ObserveRequest, _ context: DriverContext) async -> [ObservedKind] {
        guard request.kinds.contains(.spacesBucket) else { return [] }
        let wanted = request.names[.spacesBucket] ?? []
        let list = await listBuckets(context)
        let seen = await list.buckets.mapBounded(limit: limits.parallelism) { bucket in
            await self.inspect(bucket, isWanted: wanted.contains(bucket.name), context)
        }
        var reasons = list.faults.map(\.reason)
        reasons += seen.compactMap(\.problem)
        let completeness: Completeness =
            switch reasons.first {
            case nil: .complete
            case let reason?: seen.isEmpty ? .unknown(reason: reason) : .partial(reason: reason)
            }
        return [
            ObservedKind(kind: .spacesBucket, completeness: completeness, resources: seen.map(\.resource))
        ]
    }

    public func look(at key: ResourceKey, _ context: DriverContext) async -> LookOutcome {
        let list = await listBuckets(context)
        let found = list.buckets.filter { $0.name == key.name }
        // Names are unique in all regions: one that is found is the one.
        guard let bucket = found.first else { return list.faults.first.map(LookOutcome.unknown) ?? .absent }
        do throws(ProviderFault) {
            let region = try await region(of: bucket, context)
            let rules = try await lifecycle(of: bucket.name, in: region, context)
            return .present(
                Self.resource(Bucket(name: bucket.name, region: region, createdAt: bucket.createdAt), rules))
        } catch {
            return .unknown(error)
        }
    }

    /// The buckets of every region.
    func listBuckets(_ context: DriverContext) async -> BucketList {
        let regions = api.endpoint.regions.isEmpty ? [SpacesEndpoint.anyRegion] : api.endpoint.regions
        let answers = await regions.mapBounded(limit: limits.parallelism) { region in
            await self.listBuckets(in: region, context)
        }
        var list = BucketList()
        for answer in answers {
            list.buckets += answer.buckets
            list.faults += answer.faults
        }
        places.withLock { places in
            for bucket in list.buckets where bucket.region != SpacesEndpoint.anyRegion {
                places[bucket.name] = bucket.region
            }
        }
        return list
    }

    private func listBuckets(in region: String, _ context: DriverContext) async -> BucketList {
        var list = BucketList()
        var token: String?
        do throws(ProviderFault) {
            repeat {
                var call = SpacesCall("buckets.list", "GET", "/", in: region)
                if let token { call.query = [("continuation-token", token)] }
                let root = try await api.document(call, root: "ListAllMyBucketsResult", context)
                guard let buckets = root["Buckets"] else {
                    throw .broken(call.site, status: 200, "it has no list `Buckets`")
                }
                for node in buckets.all("Bucket") {
                    guard let name = node.text("Name"), !name.isEmpty else {
                        throw .broken(call.site, status: 200, "a bucket has no name")
                    }
                    let created = node.text("CreationDate").flatMap { Timestamp($0) }
                    list.buckets.append(Bucket(name: name, region: region, createdAt: created))
                }
                let next = root.text("ContinuationToken").flatMap { $0.isEmpty ? nil : $0 }
                guard next == nil || next != token else {
                    throw .broken(call.site, status: 200, "the page after it is itself")
                }
                token = next
            } while token != nil
        } catch {
            list.faults.append(error)
        }
        return list
    }

    /// One bucket with what is known of it; the rules only of those that are wanted, for they are asked one by one.
    private func inspect(
        _ bucket: Bucket, isWanted: Bool, _ context: DriverContext
    ) async -> (resource: ObservedResource, problem: String?) {
        guard isWanted else { return (Self.resource(bucket, nil), nil) }
        do throws(ProviderFault) {
            let region = try await region(of: bucket, context)
            let found = Bucket(name: bucket.name, region: region, createdAt: bucket.createdAt)
            return (Self.resource(found, try await lifecycle(of: bucket.name, in: region, context)), nil)
        } catch {
            return (Self.resource(bucket, nil), error.reason)
        }
    }

    /// Where a bucket is; asked only where one address serves all regions.
    private func region(of bucket: Bucket, _ context: DriverContext) async throws(ProviderFault) -> String {
        guard bucket.region == SpacesEndpoint.anyRegion else { return bucket.region }
        if let known = places.withLock({ $0[bucket.name] }) { return known }
        var call = SpacesCall("buckets.location", "GET", Self.path(bucket.name), in: SpacesEndpoint.anyRegion)
        call.query = [("location", "")]
        let root = try await api.document(call, root: "LocationConstraint", context)
        // The first region has no name here (AWS, GetBucketLocation).
        let region = root.text.isEmpty ? SpacesEndpoint.anyRegion : root.text
        places.withLock { $0[bucket.name] = region }
        return region
    }

    /// The rules of a bucket; none where it has no lifecycle.
    func lifecycle(
        of bucket: String, in region: String, _ context: DriverContext
    ) async throws(ProviderFault) -> [LifecycleRule] {
        var call = SpacesCall("lifecycle.get", "GET", Self.path(bucket), in: region)
        call.query = [("lifecycle", "")]
        do throws(ProviderFault) {
            let root = try await api.document(call, root: "LifecycleConfiguration", context)
            return root.all("Rule").map { LifecycleRule($0) }
        } catch {
            guard error.providerCode == "NoSuchLifecycleConfiguration" else { throw error }
            return []
        }
    }

    /// A bucket as the plan sees it; without rules where they were not asked for.
    static func resource(_ bucket: Bucket, _ rules: [LifecycleRule]?) -> ObservedResource {
        var items: [Attributes.Item] = []
        if bucket.region != SpacesEndpoint.anyRegion || rules != nil {
            items.append(Attributes.Item("region", .string(bucket.region)))
        }
        if let rules { items.append(Attributes.Item("lifecycle_rules", .list(rules.map(\.value)))) }
        return ObservedResource(
            key: ResourceKey(.spacesBucket, bucket.name), providerID: bucket.name, attributes: Attributes(items),
            createdAt: bucket.createdAt)
    }

    static func path(_ bucket: String) -> String { "/" + bucket.percentEncoded }
}

extension SpacesEndpoint {
    /// The region of signatures where one address serves all, and of buckets without a region of their own.
    static let anyRegion = "us-east-1"
}
