internal import Basics
internal import DesiredState

/// What goes because something else comes in its place: the two halves of one change.
extension Decision {
    /// For each deletion that is half of a change, what comes in its stead.
    ///
    /// Nobody lets go of a name by giving it another value, and the provider may refuse the new one while the old one is there.
    /// So neither waits for a grace: for its time a name would give both answers, or the old one alone.
    func successors() -> [Int: Int] {
        var successors: [Int: Int] = [:]
        for rivalry in order.rivalries where drafts[rivalry.holder].change.action == .delete {
            // One that may come before one that may not.
            if let other = successors[rivalry.holder], drafts[other].isAllowed || !drafts[rivalry.comer].isAllowed {
                continue
            }
            successors[rivalry.holder] = rivalry.comer
        }
        var going: [String: [Int]] = [:]
        for index in order.order where drafts[index].change.action == .delete && successors[index] == nil {
            if let family = family(index) { going[family, default: []].append(index) }
        }
        guard !going.isEmpty else { return successors }
        var coming: [String: [Int]] = [:]
        for index in order.order where drafts[index].change.action == .create {
            if let family = family(index), going[family] != nil { coming[family, default: []].append(index) }
        }
        for (family, comers) in coming {
            // Where more go than come, nobody can tell which of them only change.
            guard let goers = going[family], goers.count <= comers.count else { continue }
            for (goer, comer) in zip(goers, comers) { successors[goer] = comer }
        }
        return successors
    }

    /// Says in the plan what comes, so that nobody takes what makes way for it for something that was let go.
    mutating func nameSuccessors(_ successors: [Int: Int]) {
        for (index, other) in successors where drafts[index].change.cause != .expired {
            drafts[index].change.reason += ": \(drafts[other].key) comes in its place"
        }
    }

    /// Keeps what only made way for something that doesn't come now.
    mutating func keepPlaces(_ successors: [Int: Int]) {
        for (index, other) in successors where drafts[index].isAllowed && !drafts[other].isAllowed {
            guard drafts[index].change.cause != .expired else { continue }
            drafts[index].refuse(
                .blocked,
                "it makes way for \(drafts[other].key), which \(Self.words(drafts[other].change)): it stays until "
                    + "that one comes", as: .dependency)
        }
    }

    /// The names of which an object of a kind has one at a time, or several that are told apart by what they hold.
    func family(_ index: Int) -> String? {
        let key = drafts[index].key
        return input.schemas[key.kind]?.canonical.map { "\(key.kind) \($0(key.name, Attributes()).family)" }
    }
}
