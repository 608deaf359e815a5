import Glibc
import Testing

@testable import Fletch

@Suite struct ResolutionFailureTests {
    private let origin = Endpoint.host("name.test", port: 80, isProxy: false)
    private let proxy = Endpoint.host("proxy.test", port: 80, isProxy: true)

    @Test(arguments: [
        (EAI_NONAME, FletchError.Code.nameNotResolved), (EAI_FAMILY, .nameNotResolved),
        (EAI_AGAIN, .resolverFailed), (EAI_FAIL, .resolverFailed), (EAI_MEMORY, .memoryExhausted),
    ])
    func fault(_ number: Int32, _ code: FletchError.Code) {
        let failure = ResolutionFailure(number: number, errorNumber: 0, freeDescriptorCount: 32)
        #expect(!failure.isDoubtful)
        #expect(failure.code(on: origin) == code)
        #expect(failure.message == String(cString: gai_strerror(number)))
        #expect(failure.code(on: proxy) == (code == .nameNotResolved ? .proxyNotResolved : code))
    }

    @Test(arguments: [
        (EMFILE, FletchError.Code.descriptorsExhausted), (ENFILE, .descriptorsExhausted), (EIO, .resolverFailed),
    ])
    func faultOfTheSystem(_ number: Int32, _ code: FletchError.Code) {
        let failure = ResolutionFailure(number: EAI_SYSTEM, errorNumber: number, freeDescriptorCount: 32)
        #expect(failure.code(on: origin) == code)
        #expect(failure.isDoubtful == (code == .descriptorsExhausted))
    }

    /// Without descriptors the resolver says that there is no such name.
    @Test(arguments: [EAI_NONAME, EAI_AGAIN])
    func lackOfDescriptorsIsNoFaultOfTheName(_ number: Int32) {
        for count in 0..<32 {
            let failure = ResolutionFailure(number: number, errorNumber: 0, freeDescriptorCount: count)
            #expect((failure.cause == .descriptors) == (count < 4))
            #expect(failure.isDoubtful)
        }
    }

    @Test func thisProcessHasDescriptors() { #expect(ResolutionFailure.freeDescriptorCount == 32) }
}
