import Basics

extension Library {
    /// Tells of the files that nobody reads and that seem to be documents of other places, and lets nothing go for that
    /// which they would want: a moved document counts as gone, and with it all that it wants.
    func tellStrays(_ report: Report) {
        var told: Set<Int> = []
        for pair in misnamed {
            guard let index = index(at: pair.file), told.insert(index).inserted,
                let document = ManagedDocument.all.first(where: { $0.stem == pair.document }),
                // What those hold that a pass remembers by itself is kept by that (`PLAN-0018`).
                !ManagedDocument.guards.contains(where: { $0.stem == pair.document })
            else { continue }
            // What is said of it is said elsewhere.
            let cause = Cause(
                code: Code.misnamedDocument.rawValue,
                reason: "nothing reads \(pair.file), which may be \(pair.document).yaml",
                mark: SourceMark(file: pair.file, line: 1, column: 1))
            for scope in document.scopes { report.keep(scope, cause) }
        }
        for stray in strays where !told.contains(stray.index) {
            let entry = entries[stray.index]
            guard entry.status == .notManaged, entry.domain == nil,
                ConsultedDocument.domain(of: FilePlaces.stem(entry.relative) ?? "") == nil,
                let index = stray.shapes.first(where: { isVacant(DocumentShape.all[$0]) })
            else { continue }
            tell(entry, DocumentShape.all[index], isSure: stray.isBySchema && index == stray.shapes.first, report)
        }
        for stray in strayPaths {
            let shape = DocumentShape.all[stray.shape]
            guard isVacant(shape) else { continue }
            let cause = report.warning(
                .strayDocument, "nothing reads \(stray.path), which lies below no root and looks like \(shape.place)",
                at: SourceMark(file: stray.path, line: 1, column: 1), hint: Self.hint(shape))
            for scope in shape.kinds { report.keep(scope, cause) }
        }
    }

    private static func hint(_ shape: DocumentShape) -> String {
        "Move it to \(shape.place) below a root; what it says counts for nothing until then"
            + (shape.kinds.isEmpty ? "." : ", and nothing that it would want goes.")
    }

    private func tell(_ entry: Entry, _ shape: DocumentShape, isSure: Bool, _ report: Report) {
        let mark = SourceMark(file: entry.path, line: 1, column: 1)
        let message =
            if isSure {
                "nothing reads \(entry.path), and its schema says that it belongs to \(shape.place)"
            } else if entry.parsed.cause != nil {
                "nothing reads \(entry.path), which can't be read and may be \(shape.place)"
            } else {
                "nothing reads \(entry.path), which looks like \(shape.place)"
            }
        let hint = Self.hint(shape)
        let cause =
            isSure && !shape.kinds.isEmpty
            ? report.error(.strayDocument, message, at: mark, hint: hint)
            : report.warning(.strayDocument, message, at: mark, hint: hint)
        for scope in shape.kinds { report.keep(scope, cause) }
    }

    /// Whether one more document may stand at the place of a shape.
    private func isVacant(_ shape: DocumentShape) -> Bool {
        guard case .file(let stem) = shape.home else { return true }
        let others = ManagedDocument.all.first { $0.stem == stem }?.otherStems ?? []
        return elsewhere[stem] == nil && ([stem] + others).allSatisfy { entry(under: $0) == nil }
    }
}
