/// Reads what one commit wants, together with everything that is wrong with it.
///
/// Pure: the same tree gives the same state, byte by byte. It never fails; what can't be read is in `unknown`.
public func readDesiredState(_ tree: SourceTree) -> DesiredState {
    DesiredState(
        revision: tree.revision, roots: [], environments: [], resources: [],
        unknown: [UnknownScope(.everything, code: "SSOT-0001", reason: "nothing is read yet", at: nil)],
        policy: Policy(), documents: [], diagnostics: [])
}
