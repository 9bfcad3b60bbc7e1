internal import Basics
internal import DesiredState
internal import Formats

/// Values that come from other resources.
extension Comparison {
    enum Resolution {
        case known(Value)
        /// Once the change of that resource was applied.
        case afterApply(ResourceKey)
        /// Nobody can say now, for the reason given.
        case unknown(String)
        /// There is nothing that it could come from.
        case never(String)
    }

    func resolve(_ value: WantedValue) -> Resolution {
        switch value {
        case .literal(let value): .known(value)
        case .reference(let key, let attribute): resolve(key, attribute)
        }
    }

    private func resolve(_ key: ResourceKey, _ attribute: String) -> Resolution {
        if let index = draftIndex[key] {
            let change = drafts[index].change
            switch change.action {
            case .create, .replace: return .afterApply(key)
            case .update, .adopt:
                if let changing = change.attributes.first(where: { sameBytes($0.path, attribute) }) {
                    return changing.after.map(Resolution.known) ?? .afterApply(key)
                }
            case .read: return .unknown("\(key) is unknown, and its \(attribute) with it")
            case .delete, .forget: return .never("\(key), whose \(attribute) is wanted here, is going away")
            case .noop: break
            }
        }
        let observed = input.observed.kinds[key.kind]
        let seen = find(key, in: observed?.resources ?? [])
        switch seen.count {
        case 1:
            guard let value = seen.first?.attributes[attribute] else {
                return .unknown("\(key) has no \(attribute) yet")
            }
            return .known(value)
        case 0:
            if isWanted(key) { return .afterApply(key) }
            let completeness = observed?.completeness(of: key.name)
            guard completeness?.isComplete == true else {
                return .unknown("\(key) is unknown: \(DraftText.why(completeness, key.kind))")
            }
            return .never("it refers to \(key), which neither exists nor is wanted")
        default: return .unknown("\(key) is ambiguous: \(Self.ambiguity(seen))")
        }
    }

    /// Whether a key is wanted that has no draft yet: one that refers back to what refers to it.
    private func isWanted(_ key: ResourceKey) -> Bool {
        var (low, high) = (0, desired.count)
        while low < high {
            let middle = low + (high - low) / 2
            if ResourceKey.compare(desired[middle].key, key) < 0 { low = middle + 1 } else { high = middle }
        }
        guard low < desired.count, ResourceKey.compare(desired[low].key, key) == 0 else { return false }
        return !lives.isOver(desired[low].environment)
    }

    private func find(_ key: ResourceKey, in resources: [ObservedResource]) -> ArraySlice<ObservedResource> {
        var (low, high) = (0, resources.count)
        while low < high {
            let middle = low + (high - low) / 2
            if compareBytes(resources[middle].key.name, key.name) < 0 { low = middle + 1 } else { high = middle }
        }
        var end = low
        while end < resources.count, sameBytes(resources[end].key.name, key.name) { end += 1 }
        return resources[low..<end]
    }

    /// Those that are referred to before those that refer to them; where they go round in a circle, by key.
    ///
    /// A stack of its own and no recursion: a chain may be as long as the repository.
    func inOrderOfReference(_ meetings: [Meeting]) -> [Meeting] {
        guard meetings.count > 1 else { return meetings }
        var indexes: [ResourceKey: Int] = [:]
        for (index, meeting) in meetings.enumerated() {
            if let wanted = meeting.wanted { indexes[desired[wanted].key] = index }
        }
        var ordered: [Meeting] = []
        ordered.reserveCapacity(meetings.count)
        var isVisited = [Bool](repeating: false, count: meetings.count)
        var stack: [(index: Int, next: Int)] = []
        for start in meetings.indices where !isVisited[start] {
            isVisited[start] = true
            stack.append((start, 0))
            while let (index, next) = stack.popLast() {
                let attributes = meetings[index].wanted.map { desired[$0].attributes } ?? []
                guard next < attributes.count else {
                    ordered.append(meetings[index])
                    continue
                }
                stack.append((index, next + 1))
                guard case .reference(let key, _) = attributes[next].value, let other = indexes[key],
                    !isVisited[other]
                else { continue }
                isVisited[other] = true
                stack.append((other, 0))
            }
        }
        return ordered
    }
}
