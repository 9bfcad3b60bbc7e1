internal import Basics
internal import Diff
internal import Drivers
internal import Formats

/// Which list, and how its items are read.
struct ListRequest: Sendable {
    let operation: String
    let path: String
    let permission: String
    var query: [(String, String)] = []
    /// Where the list stands in the answer; nil: the answer is the list.
    var member: String?
    /// Only the first page, where a list has no end.
    var isNewestOnly = false
    let map: @Sendable (JSONView) -> ObservedResource?
}

extension GitHubDriver {
    static let pageSize = 100
    private static let pageLimit = 1_000

    /// Reads a list page after page, by the provider's own links.
    ///
    /// Lists shift while they are read: what vanishes from one page pulls the first item of the next one onto it. No
    /// page says so; so a list of several pages is read until two readings are the same. The second costs nothing of
    /// the primary limit, for pages that have not changed answer 304.
    func readPages(_ list: ListRequest, _ context: DriverContext) async -> PagedList {
        var last: PagedList?
        for _ in 1...4 {
            let (reading, pages) = await readOnce(list, context)
            guard reading.completeness.isComplete, pages > 1 else { return reading }
            if let last, last.items.map(\.providerID) == reading.items.map(\.providerID) { return reading }
            last = reading
        }
        let reason = "GET \(list.path): the list changed each time that it was read"
        return PagedList(items: last?.items ?? [], completeness: .partial(reason: reason))
    }

    private func readOnce(_ list: ListRequest, _ context: DriverContext) async -> (PagedList, pages: Int) {
        var items: [ObservedResource] = []
        var seen: Set<String> = []
        var address: String?
        var page = 1
        while true {
            let call = ProviderCall(
                list.operation, "GET", list.path, permission: list.permission,
                page: page > 1 ? page : nil)
            do throws(ProviderFault) {
                let query = address == nil ? [("per_page", String(Self.pageSize))] + list.query : []
                let answer = try await api.send(call, to: address, query: query, context)
                for item in try answer.list(list.member, list.map) where seen.insert(item.providerID).inserted {
                    items.append(item)
                }
                guard let next = answer.nextLink else { return (PagedList(items: items), page) }
                if list.isNewestOnly {
                    let reason = "only the newest \(items.count) are read"
                    return (PagedList(items: items, completeness: .partial(reason: reason)), page)
                }
                guard next != address, page < Self.pageLimit else {
                    throw answer.broken("its next page leads in a circle")
                }
                address = next
                page += 1
            } catch {
                guard page > 1 else { return (error.emptyList, page) }
                return (PagedList(items: items, completeness: .partial(reason: error.sentence)), page)
            }
        }
    }
}
