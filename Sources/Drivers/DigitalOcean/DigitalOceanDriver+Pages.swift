internal import Basics
internal import Diff
internal import Drivers
internal import Formats

extension DigitalOceanDriver {
    static let pageSize = 200

    /// Reads a list by page; those after the first side by side.
    ///
    /// Lists shift while they are read: something new pushes the last item of a page onto the next. So items are
    /// counted once by id, and a list whose pages disagree is read once more. What then still disagrees is partial.
    func readPages(
        _ path: String, member: String, scope: String, _ context: DriverContext,
        map: @escaping @Sendable (JSONView, Shared) -> ObservedResource?
    ) async -> PagedList {
        let reader = PageReader(
            driver: self, path: path, member: member, scope: scope, context: context, map: map)
        let first = await reader.readAll()
        guard case .shifted = first.state else { return first.list }
        return await reader.readAll().list
    }
}

/// Reads the pages of one list.
private struct PageReader: Sendable {
    let driver: DigitalOceanDriver
    let path: String
    let member: String
    let scope: String
    let context: DriverContext
    let map: @Sendable (JSONView, Shared) -> ObservedResource?

    struct Page: Sendable {
        var items: [ObservedResource] = []
        var total: Int64?
        var hasNext = false
    }

    enum State {
        case read
        /// The pages don't fit together.
        case shifted
    }

    func readAll() async -> (list: PagedList, state: State) {
        switch await read(page: 1) {
        case .failure(let fault):
            return (fault.emptyList, .read)
        case .success(let first):
            guard let total = first.total, total >= 0 else { return await readInOrder(from: first) }
            let pages = max(1, (total - 1) / Int64(DigitalOceanDriver.pageSize) + 1)
            // A total that nobody can have is no reason to send requests without end.
            guard pages <= 10_000 else { return await readInOrder(from: first) }
            let rest =
                pages < 2
                ? []
                : await (2...Int(pages)).mapBounded(limit: driver.limits.parallelism) { page in await read(page: page) }
            return join([.success(first)] + rest, total: total)
        }
    }

    /// Without a total there is nothing but the next page.
    private func readInOrder(from first: Page) async -> (list: PagedList, state: State) {
        var pages: [Result<Page, ProviderFault>] = [.success(first)]
        var hasNext = first.hasNext
        while hasNext, pages.count < 10_000 {
            let page = await read(page: pages.count + 1)
            pages.append(page)
            hasNext = (try? page.get().hasNext) ?? false
        }
        return join(pages, total: nil)
    }

    private func join(
        _ pages: [Result<Page, ProviderFault>], total: Int64?
    ) -> (list: PagedList, state: State) {
        var items: [ObservedResource] = []
        items.reserveCapacity(pages.count * DigitalOceanDriver.pageSize)
        var seen: Set<String> = []
        seen.reserveCapacity(pages.count * DigitalOceanDriver.pageSize)
        var failures: [String] = []
        var fits = true
        for (index, result) in pages.enumerated() {
            switch result {
            case .failure(let fault): failures.append(fault.sentence)
            case .success(let page):
                for item in page.items where seen.insert(item.providerID).inserted { items.append(item) }
                if page.total != total { fits = false }
                if index < pages.count - 1, page.items.count < DigitalOceanDriver.pageSize { fits = false }
                if index == pages.count - 1, page.hasNext { fits = false }
            }
        }
        if !failures.isEmpty {
            let reason = failures[0] + (failures.count > 1 ? " (and \((failures.count - 1).of("more page")))" : "")
            return (PagedList(items: items, completeness: .partial(reason: reason)), .read)
        }
        if let total, Int64(items.count) != total { fits = false }
        guard fits else {
            let reason = "GET \(path): the list changed while it was read, twice"
            return (PagedList(items: items, completeness: .partial(reason: reason)), .shifted)
        }
        return (PagedList(items: items), .read)
    }

    private func read(page: Int) async -> Result<Page, ProviderFault> {
        let call = ProviderCall("\(member).list", "GET", path, permission: scope, page: page)
        do throws(ProviderFault) {
            let answer = try await driver.api.send(
                call, query: [("per_page", String(DigitalOceanDriver.pageSize)), ("page", String(page))], context)
            let shared = Shared()
            var result = Page()
            result.items = try answer.list(member, isNullable: true) { map($0, shared) }
            result.total = answer.root?["meta"]["total"].int
            result.hasNext = answer.root?["links"]["pages"]["next"].string.map { !$0.isEmpty } ?? false
            return .success(result)
        } catch {
            return .failure(error)
        }
    }
}
