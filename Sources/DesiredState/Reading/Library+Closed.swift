import Basics

extension Library {
    /// Takes as unknown what documents would want that may stand below a link or a submodule: of what lies there nothing
    /// is known, and they would else count as gone.
    mutating func doubtClosedFolders(_ report: Report) {
        for root in places.roots + [".odooops"] {
            if let cause = closedBeside(root, report) { report.unknown(.everything, cause) }
        }
        for index in closed where entries[index].domain == nil {
            guard let cause = entries[index].cause else { continue }
            let below = documents(below: entries[index].relative, entries[index].rank)
            for (place, kinds) in below {
                let reason = "\(cause.reason); \(place) may stand below it"
                for scope in kinds { report.unknown(scope, Cause(code: cause.code, reason: reason, mark: cause.mark)) }
            }
            if !below.isEmpty { markUnreadable(index) }
        }
        for path in VercelReader.closedFolders {
            guard let cause = closedBeside(path, report) else { continue }
            report.unknown(kinds: VercelReader.kinds, cause)
        }
    }

    /// Why nothing below a path can be read that lies below no root; nil where it can.
    private func closedBeside(_ path: String, _ report: Report) -> Cause? {
        guard entry(at: path) == nil, let file = file(at: path), case .unreadable(let reason) = file.content else {
            return nil
        }
        return report.error(
            .unreadableFile, "\(path) can't be read: \(reason)", at: SourceMark(file: path, line: 1, column: 1),
            hint: "Put a folder with plain files in its place; until then all that they say is unknown.")
    }

    /// The documents with something to want that may stand below a path in the root of a rank.
    private func documents(below relative: String, _ rank: Int) -> [(place: String, kinds: [UnknownScope.Extent])] {
        // What stands under a root before this one is read, whatever there is here.
        func stands(_ stem: String) -> Bool { entry(under: stem).map { $0.rank < rank } == true }
        let managed = ManagedDocument.all.filter { document in
            let stems = [document.stem] + document.otherStems
            return stems.contains { $0.hasPrefix(relative + "/") } && !stems.contains(where: stands)
        }
        let shapes = DocumentShape.all.filter { shape in
            if case .file(let stem) = shape.home, stands(stem) { return false }
            return shape.mayStand(below: relative)
        }
        return
            (managed.map { ("\($0.stem).yaml", $0.scopes) } + shapes.map { ($0.place, $0.kinds) })
            .filter { !$0.1.isEmpty }
    }
}
