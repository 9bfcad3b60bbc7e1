internal import Basics
internal import Diff
public import Drivers

extension SpacesDriver: AccessChecking {
    /// Lists the buckets: whether every region answers and the key is let in.
    ///
    /// - Returns: how many buckets there are.
    public func checkAccess() async -> Result<String, ProviderFault> {
        let list = await listBuckets(DriverContext(runID: "doctor", log: .none))
        if let fault = list.faults.first { return .failure(fault) }
        let count = list.buckets.count
        return .success(count.of("bucket"))
    }
}
