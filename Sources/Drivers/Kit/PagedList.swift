public import DesiredState
public import Diff

/// All pages of one list, as far as they could be read.
public struct PagedList: Sendable {
    public var items: [ObservedResource]
    public var completeness: Completeness
    /// Of several lists: what is not known whole, by the parent's name, where all else is complete.
    public var gaps: [String: Completeness] = [:]
    /// What it belongs to is not there, says the provider.
    public let isMissing: Bool

    public init(
        items: [ObservedResource] = [], completeness: Completeness = .complete, isMissing: Bool = false
    ) {
        self.items = items
        self.completeness = completeness
        self.isMissing = isMissing
    }

    /// The same as what was seen of a kind.
    public func kind(_ kind: ResourceKind) -> ObservedKind {
        ObservedKind(kind: kind, completeness: completeness, gaps: gaps, resources: items)
    }

    /// What a read gives, as a list; of a read that fails nothing is known.
    public static func of(_ read: () async throws(ProviderFault) -> [ObservedResource]) async -> PagedList {
        do throws(ProviderFault) {
            return PagedList(items: try await read())
        } catch {
            return error.emptyList
        }
    }

    /// The lists of several parents as one: what one of them doesn't show says nothing against the others.
    ///
    /// - Parameters:
    ///   - lists: each with its parent's name, which the names of its items begin with.
    ///   - parents: why the parents themselves are not all known; nil where they are.
    /// - Returns: as complete as the least complete of them, with a gap for each parent that is not.
    public static func joined(_ lists: [(parent: String, list: PagedList)], parents: String? = nil) -> PagedList {
        let items = lists.flatMap(\.list.items)
        let broken = lists.filter { !$0.list.completeness.isComplete }
        let reasons = broken.map(\.list.completeness.reason) + (parents.map { [$0] } ?? [])
        guard let first = reasons.first else { return PagedList(items: items) }
        let reason = first + (reasons.count > 1 ? " (and \(reasons.count - 1) more)" : "")
        let isUnknown = items.isEmpty && reasons.count >= max(1, lists.count)
        var joined = PagedList(
            items: items, completeness: isUnknown ? .unknown(reason: reason) : .partial(reason: reason))
        guard parents == nil else { return joined }
        for (parent, list) in broken {
            if list.gaps.isEmpty {
                joined.gaps[parent] = list.completeness
            } else {
                joined.gaps.merge(list.gaps) { a, _ in a }
            }
        }
        return joined
    }
}

extension Completeness {
    /// Why not all is known; nil where it is.
    public var gap: String? {
        switch self {
        case .complete: nil
        case .partial(let reason), .unknown(let reason): reason
        }
    }

    /// Why not all is known; empty where it is.
    public var reason: String { gap ?? "" }

    public var isUnknown: Bool { if case .unknown = self { true } else { false } }
}

extension [AttributeRule] {
    /// Attributes that only the provider sets.
    public static func computed(_ names: [String]) -> [AttributeRule] {
        names.map { AttributeRule($0, isComputed: true) }
    }
}
