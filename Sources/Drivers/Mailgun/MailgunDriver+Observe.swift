internal import Basics
internal import DesiredState
public import Diff
public import Drivers
internal import Formats
internal import HTTPClient

extension MailgunDriver {
    static let pageSize = 1_000

    public func observe(_ request: ObserveRequest, _ context: DriverContext) async -> [ObservedKind] {
        var seen: [ObservedKind] = []
        if request.kinds.contains(.mailgunDomain) { seen.append(await observeDomains(request, context)) }
        if request.kinds.contains(.mailgunWebhook) { seen.append(await observeWebhooks(request, context)) }
        return seen
    }

    // MARK: Domains

    /// Every domain from the list; the state of its DNS only of those that are wanted or remembered.
    private func observeDomains(_ request: ObserveRequest, _ context: DriverContext) async -> ObservedKind {
        var names: [String: String] = [:]
        for name in (request.names[.mailgunDomain] ?? []).sorted() { names[MailgunNormal.domain(name)] = name }
        let wanted = names
        do throws(ProviderFault) {
            let all = try await listDomains(context)
            let results = await all.mapBounded(limit: 8) { item -> Result<ObservedResource, ProviderFault> in
                guard let name = wanted[MailgunNormal.domain(item.key.name)] else { return .success(item) }
                do throws(ProviderFault) {
                    return .success(try await self.domain(item.key.name, as: name, context) ?? item)
                } catch {
                    return .failure(error)
                }
            }
            let resources = results.compactMap { try? $0.get() }
            var completeness = Completeness.complete
            for case .failure(let fault) in results where completeness.isComplete {
                completeness = .partial(reason: fault.sentence)
            }
            return ObservedKind(kind: .mailgunDomain, completeness: completeness, resources: resources)
        } catch {
            return error.emptyList.kind(.mailgunDomain)
        }
    }

    /// The whole list, by `skip` until as many are there as the list has.
    func listDomains(_ context: DriverContext) async throws(ProviderFault) -> [ObservedResource] {
        let call = ProviderCall("domains.list", "GET", "/v4/domains", permission: Self.role)
        for _ in 0..<2 {
            var found: [ObservedResource] = []
            var seen: Set<String> = []
            var skipped = 0
            var total: Int64 = 0
            while true {
                let query = [("limit", String(Self.pageSize)), ("skip", String(skipped))]
                let answer = try await api.send(call, query: query, context)
                let page = try answer.list("items") { Self.domain($0) }
                guard let count = answer.root?["total_count"].int, count >= 0 else {
                    throw answer.broken("it has no `total_count`")
                }
                total = count
                skipped += page.count
                for item in page where seen.insert(item.providerID).inserted { found.append(item) }
                if page.isEmpty || Int64(skipped) >= total || skipped > 1 << 20 { break }
            }
            // Offsets shift when domains come and go meanwhile: then it is read once more.
            if Int64(found.count) == total { return found }
        }
        throw fault(
            .brokenAnswer, call, "the list changed while it was read, twice", status: 200, .retry(after: nil))
    }

    /// One domain with its DNS records; nil when there is none.
    func domain(
        _ name: String, as key: String, _ context: DriverContext
    ) async throws(ProviderFault) -> ObservedResource? {
        let path = "/v4/domains/\(name.percentEncoded)"
        let call = ProviderCall("domains.read", "GET", path, permission: Self.role)
        let answer = try await api.send(call, accepting: [404], context)
        if answer.status == 404 { return nil }
        return try answer.object { root in
            Self.domain(
                root["domain"], as: key, sending: root["sending_dns_records"], receiving: root["receiving_dns_records"])
        }
    }

    private static func domain(
        _ json: JSONView, as key: String? = nil, sending: JSONView? = nil, receiving: JSONView? = nil
    ) -> ObservedResource? {
        guard let name = json["name"].string, !name.isEmpty else { return nil }
        var items: [Attributes.Item] = []
        func add(_ attribute: String, _ value: Value?) {
            if let value { items.append(Attributes.Item(attribute, value)) }
        }
        let text = { (member: String) in json[member].string.map { Value.string($0) } }
        let flag = { (member: String) in json[member].bool.map { Value.bool($0) } }
        add("id", text("id"))
        add("state", text("state").map(MailgunNormal.lowercase))
        add("type", text("type"))
        add("created_at", text("created_at"))
        add("is_disabled", flag("is_disabled"))
        add("require_tls", flag("require_tls"))
        if let sending, let receiving {
            add("sending_dns", .string(verdict(sending)))
            add("receiving_dns", .string(verdict(receiving)))
            let open = unverified(sending) + unverified(receiving)
            add("unverified_records", .strings(open.sorted { $0.precedesByBytes($1) }))
        }
        return ObservedResource(
            key: ResourceKey(.mailgunDomain, key ?? name), providerID: json["id"].string ?? name,
            attributes: Attributes(items))
    }

    /// `valid` when all records are, else `unverified`; `none` where there are none.
    private static func verdict(_ records: JSONView) -> String {
        guard let items = records.items.map(Array.init), !items.isEmpty else { return "none" }
        return items.allSatisfy { $0["valid"].holds("valid") } ? "valid" : "unverified"
    }

    /// `TXT mg.example.com`.
    private static func unverified(_ records: JSONView) -> [String] {
        (records.items.map(Array.init) ?? []).filter { !$0["valid"].holds("valid") }.map { record in
            let name = record["name"].string.map { " \($0)" } ?? ""
            return (record["record_type"].string ?? "?") + name
        }
    }

    // MARK: Webhooks

    private func observeWebhooks(_ request: ObserveRequest, _ context: DriverContext) async -> ObservedKind {
        let names = (request.names[.mailgunWebhook] ?? []).sorted { $0.precedesByBytes($1) }
        let domains = Set(names.compactMap { WebhookName($0).map { MailgunNormal.domain($0.domain) } }).sorted()
        let lists = await domains.mapBounded(limit: 8) { domain -> Result<[ObservedResource], ProviderFault> in
            do throws(ProviderFault) {
                guard let list = try await self.webhooks(of: domain, context) else {
                    return .failure(self.missing(domain))
                }
                return .success(Self.resources(list, domain, names))
            } catch {
                return .failure(error)
            }
        }
        var completeness = Completeness.complete
        let found = lists.flatMap { (try? $0.get()) ?? [] }
        for case .failure(let fault) in lists where completeness.isComplete {
            completeness = found.isEmpty ? .unknown(reason: fault.sentence) : .partial(reason: fault.sentence)
        }
        return ObservedKind(kind: .mailgunWebhook, completeness: completeness, resources: found)
    }

    /// URLs by event; nil when there is no such domain, or it lives in the other region.
    func webhooks(of domain: String, _ context: DriverContext) async throws(ProviderFault) -> [String: [String]]? {
        let path = "/v3/domains/\(domain.percentEncoded)/webhooks"
        let call = ProviderCall("webhooks.list", "GET", path, permission: Self.role)
        let answer = try await api.send(call, accepting: [404], context)
        if answer.status == 404 { return nil }
        guard let members = answer.root?["webhooks"].members else { throw answer.broken("it has no `webhooks`") }
        var urls: [String: [String]] = [:]
        for member in members where !member.value.isNull { urls[member.name] = Self.urls(member.value) }
        return urls
    }

    /// The URLs of one event: a list, and in older accounts a single `url`.
    static func urls(_ json: JSONView) -> [String] {
        var urls = json["urls"].items?.compactMap(\.string) ?? []
        if let single = json["url"].string, !urls.contains(single) { urls.append(single) }
        return urls
    }

    /// Each URL as a resource, under the name by which it is wanted.
    static func resources(_ list: [String: [String]], _ domain: String, _ names: [String]) -> [ObservedResource] {
        let wanted = Dictionary(
            names.compactMap { name in WebhookName(name).map { ($0.normal, name) } },
            uniquingKeysWith: { first, _ in first })
        var seen: Set<String> = []
        return list.sorted { $0.key.precedesByBytes($1.key) }.flatMap { event, urls in
            urls.compactMap { url -> ObservedResource? in
                let normal = "\(MailgunNormal.domain(domain))/\(event)/\(WebAddress.normal(url))"
                guard seen.insert(normal).inserted else { return nil }
                return ObservedResource(
                    key: ResourceKey(.mailgunWebhook, wanted[normal] ?? "\(domain)/\(event)/\(url)"),
                    providerID: normal,
                    attributes: Attributes([Attributes.Item("url", .string(url))]))
            }
        }
    }

    func missing(_ domain: String) -> ProviderFault {
        fault(
            .notFound, ProviderCall("webhooks.list", "GET", "/v3/domains/\(domain.percentEncoded)/webhooks"),
            "the account has no domain \(domain) in this region",
            hint: "add the domain at Mailgun, or set MAILGUN_API_URL to \(Self.europe)", status: 404, .observeAgain)
    }
}
