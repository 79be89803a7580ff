// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title What senders of messages have at stake, in one token.
/// @notice A sender deposits once and signs vouchers, off chain, for the messages they write. The receiver of a
/// voucher may burn the slots it promises, and gains nothing by it. Who promises the same slots to two receivers
/// loses all of that deposit. There is no owner, no fee, no upgrade, and nobody can ever get what others put in.
/// @dev
///
/// deposit ──▶ Open ──announceExit──▶ Leaving ──withdraw, three epochs later──▶ Closed
///               └──────────────── proveDoubleUse ────────────────────────────────▲
///
/// A deposit is known by its sender and by the key that signs its vouchers. What is closed stays closed: the same
/// sender deposits anew with another key. So no voucher ever counts against money that was not there when it was
/// signed, and devices of one person that each have a key can't promise the same slots by mistake.
///
/// A deposit has two halves, one for even epochs and one for odd. A voucher can be burned in its epoch and in the one
/// after: two epochs are burnable at any time, one of each kind, so each half answers for one epoch alone.
contract Deposits is EIP712, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// What a deposit can be. `None` is one that nobody has made.
    enum State {
        None,
        Open,
        Leaving,
        Closed
    }

    /// The part of a deposit that answers for every other epoch.
    struct Half {
        /// What is left of it, in the token's smallest unit.
        uint128 amount;
        /// The epoch of which slots were burned last.
        uint64 epoch;
        /// Which slots of that epoch are burned: one bit for each, the lowest for slot 0.
        uint256 burned;
    }

    struct Deposit {
        State state;
        /// From this epoch on, a leaving sender may withdraw.
        uint64 exit;
        Half[2] halves;
    }

    /// The promise that goes along with a message, signed by the deposit's key.
    struct Voucher {
        /// Who deposited.
        address sender;
        /// Who may burn.
        address receiver;
        /// In which epoch it was given.
        uint64 epoch;
        /// The first slot that is promised, and how many.
        uint16 first;
        uint16 count;
        /// What binds it to a conversation; of no meaning here.
        bytes32 topic;
    }

    /// How long an epoch is, in seconds. Epoch 0 began at the beginning of 1970.
    uint256 public constant EPOCH = 1 weeks;
    /// How many epochs after its announcement an exit is complete: a voucher that was given just before, even for the
    /// epoch to come, can be burned for its whole time.
    uint64 public constant NOTICE = 3;
    /// How many slots an epoch of a deposit has at most.
    uint256 public constant MOST_SLOTS = 256;
    /// Where what is burned goes.
    address public constant GRAVE = 0x000000000000000000000000000000000000dEaD;

    bytes32 private constant VOUCHER_TYPE = keccak256(
        "Voucher(address sender,address receiver,uint64 epoch,uint16 first,uint16 count,bytes32 topic)"
    );
    bytes32 private constant BURN_TYPE = keccak256("Burn(bytes32 voucher,uint256 slots)");

    /// The token that is at stake.
    IERC20 public immutable token;
    /// How much a slot is, in the token's smallest unit.
    uint128 public immutable slot;

    /// How much was burned in all, and how much of that has gone to its grave.
    uint128 public burned;
    uint128 public buried;

    mapping(address sender => mapping(address key => Deposit)) private deposits;

    event Deposited(address indexed sender, address indexed key, uint256 amount);
    event ExitAnnounced(address indexed sender, address indexed key, uint64 exit);
    event Withdrawn(address indexed sender, address indexed key, uint256 amount);
    event Burned(address indexed sender, address indexed receiver, address key, uint64 epoch, uint256 slots);
    event DoublyUsed(address indexed sender, address indexed key, uint256 amount);
    event Buried(uint256 amount);

    /// A slot has to be worth something.
    error WorthlessSlot();
    /// Without a key nothing could be promised.
    error NoKey();
    /// The token was not handed over.
    error NothingArrived();
    /// Nobody has made this deposit: of a voucher, the signature is not by a key of the sender.
    error NoDeposit();
    /// The deposit is leaving or closed.
    error NotOpen();
    /// The deposit has no exit announced, or that is not over.
    error NotLeaving();
    /// The deposit is closed; nothing is left of it.
    error IsClosed();
    /// The voucher can't be burned yet, or no more.
    error NotItsTime();
    /// No slots, or more than an epoch has.
    error NoSuchSlots();
    /// Other slots than the voucher promises, or none.
    error NotPromised();
    /// Some of these slots were burned before.
    error AlreadyBurned();
    /// The deposit has fewer slots.
    error NotCovered();
    /// Only the receiver may have it burned.
    error NotReceiver();
    /// The two vouchers do not promise the same slots to different receivers.
    error NoDoubleUse();
    /// Nothing has been burned since.
    error NothingToBury();

    /// @param token_ Any ERC-20. What it does with its balances is its own: receivers say which contracts they accept.
    /// @param slot_ How much a slot is, in the token's smallest unit.
    constructor(IERC20 token_, uint128 slot_) EIP712("dm3 deposit", "1") {
        if (slot_ == 0) revert WorthlessSlot();
        token = token_;
        slot = slot_;
    }

    // What senders do.

    /// @notice Deposits, or adds to a deposit. What counts is what arrives.
    /// @param key The address of the key that signs the vouchers; it can't be changed.
    function deposit(address key, uint256 amount) external nonReentrant {
        _deposit(key, amount);
    }

    /// @notice Deposits with an allowance that is signed (ERC-2612), in the same transaction.
    function depositWithPermit(address key, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        nonReentrant
    {
        // Who sees the permit on its way may use it before; then the allowance is there, and this must not fail.
        try IERC20Permit(address(token)).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        _deposit(key, amount);
    }

    /// @notice Announces that the sender wants the deposit back.
    function announceExit(address key) external {
        Deposit storage made = deposits[msg.sender][key];
        if (made.state != State.Open) revert NotOpen();
        made.state = State.Leaving;
        made.exit = epoch() + NOTICE;
        emit ExitAnnounced(msg.sender, key, made.exit);
    }

    /// @notice Takes what is left of a deposit, once its exit is complete. It is closed then.
    /// @param to Where it goes: a token may refuse the sender.
    function withdraw(address key, address to) external nonReentrant {
        Deposit storage made = deposits[msg.sender][key];
        if (made.state != State.Leaving || epoch() < made.exit) revert NotLeaving();
        uint128 amount = _close(made);
        emit Withdrawn(msg.sender, key, amount);
        token.safeTransfer(to, amount);
    }

    // What receivers do.

    /// @notice Burns slots that a voucher promises to who calls.
    /// @param slots One bit for each slot to be burned, the lowest for slot 0.
    function burn(Voucher calldata voucher, bytes calldata signature, uint256 slots) external {
        if (msg.sender != voucher.receiver) revert NotReceiver();
        _burn(voucher, _digest(voucher), signature, slots);
    }

    /// @notice The same for a receiver who has signed `Burn(voucher, slots)`: an account, or a contract (ERC-1271).
    /// The same signature burns nothing a second time.
    function burnFor(Voucher calldata voucher, bytes calldata signature, uint256 slots, bytes calldata consent)
        external
    {
        bytes32 promised = _digest(voucher);
        bytes32 wish = _hashTypedDataV4(keccak256(abi.encode(BURN_TYPE, promised, slots)));
        if (!SignatureChecker.isValidSignatureNow(voucher.receiver, wish, consent)) revert NotReceiver();
        _burn(voucher, promised, signature, slots);
    }

    // What anybody may do.

    /// @notice Burns all of a deposit whose key promised the same slots of an epoch to different receivers. It does
    /// not matter when they were given, nor whether they are burnable.
    function proveDoubleUse(
        Voucher calldata one,
        bytes calldata signature,
        Voucher calldata other,
        bytes calldata otherSignature
    ) external {
        bool same = one.sender == other.sender && one.epoch == other.epoch;
        bool overlap = _slots(one) & _slots(other) != 0;
        if (!same || !overlap || one.receiver == other.receiver) revert NoDoubleUse();
        address key = ECDSA.recover(_digest(one), signature);
        if (key != ECDSA.recover(_digest(other), otherSignature)) revert NoDoubleUse();
        Deposit storage made = _made(one.sender, key);
        uint128 amount = _close(made);
        burned += amount;
        emit DoublyUsed(one.sender, key, amount);
    }

    /// @notice Sends what was burned to its grave. Burning itself asks nothing of the token, so that a token which
    /// stands still protects nobody.
    function bury() external nonReentrant {
        uint128 amount = burned - buried;
        if (amount == 0) revert NothingToBury();
        buried += amount;
        emit Buried(amount);
        token.safeTransfer(GRAVE, amount);
    }

    // What can be known.

    /// @notice The epoch of now.
    function epoch() public view returns (uint64) {
        return SafeCast.toUint64(block.timestamp / EPOCH);
    }

    /// @notice What a receiver has to know of a deposit before they take a voucher.
    /// @return slots How many slots of that epoch are covered, burned ones included: those below this number.
    /// @return gone Which of them are burned, one bit for each.
    /// @return stays Whether it is open for as long as vouchers of that epoch can be burned.
    function standing(address sender, address key, uint64 of_)
        external
        view
        returns (uint256 slots, uint256 gone, bool stays)
    {
        Deposit storage made = deposits[sender][key];
        stays = made.state == State.Open || (made.state == State.Leaving && uint256(of_) + 2 <= made.exit);
        if (made.state != State.Closed) {
            Half storage half = made.halves[of_ % 2];
            gone = _gone(half, of_);
            slots = _covered(half, gone);
            if (slots > MOST_SLOTS) slots = MOST_SLOTS;
        }
    }

    /// @notice What a deposit is, and what is left of it.
    function depositOf(address sender, address key) external view returns (State state, uint64 exit, uint256 amount) {
        Deposit storage made = deposits[sender][key];
        return (made.state, made.exit, uint256(made.halves[0].amount) + made.halves[1].amount);
    }

    /// @notice What a voucher's key signs.
    function digestOf(Voucher calldata voucher) external view returns (bytes32) {
        return _digest(voucher);
    }

    // How it is done.

    function _deposit(address key, uint256 amount) private {
        if (key == address(0)) revert NoKey();
        Deposit storage made = deposits[msg.sender][key];
        if (made.state != State.None && made.state != State.Open) revert NotOpen();
        made.state = State.Open;

        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        uint256 arrived = token.balanceOf(address(this)) - before;
        if (arrived == 0) revert NothingArrived();

        uint256 even = arrived / 2;
        made.halves[0].amount += SafeCast.toUint128(even);
        made.halves[1].amount += SafeCast.toUint128(arrived - even);
        emit Deposited(msg.sender, key, arrived);
    }

    function _burn(Voucher calldata voucher, bytes32 digest, bytes calldata signature, uint256 slots) private {
        uint64 now_ = epoch();
        if (voucher.epoch > now_ || uint256(voucher.epoch) + 1 < now_) revert NotItsTime();
        if (slots == 0 || slots & ~_slots(voucher) != 0) revert NotPromised();
        address key = ECDSA.recover(digest, signature);
        Half storage half = _made(voucher.sender, key).halves[voucher.epoch % 2];

        uint256 gone = _gone(half, voucher.epoch);
        if (slots & gone != 0) revert AlreadyBurned();
        // Shifting by 256 and more leaves nothing.
        if (slots >> _covered(half, gone) != 0) revert NotCovered();
        uint128 amount = SafeCast.toUint128(_bits(slots) * slot);
        half.amount -= amount;
        half.epoch = voucher.epoch;
        half.burned = gone | slots;
        burned += amount;
        emit Burned(voucher.sender, voucher.receiver, key, voucher.epoch, slots);
    }

    /// The deposit of a sender and a key, if it has something to lose.
    function _made(address sender, address key) private view returns (Deposit storage made) {
        made = deposits[sender][key];
        if (made.state == State.None) revert NoDeposit();
        if (made.state == State.Closed) revert IsClosed();
    }

    /// Closes a deposit, and says how much was left.
    function _close(Deposit storage made) private returns (uint128 amount) {
        amount = made.halves[0].amount + made.halves[1].amount;
        made.state = State.Closed;
        made.halves[0].amount = 0;
        made.halves[1].amount = 0;
    }

    /// Which slots of an epoch are burned.
    function _gone(Half storage half, uint64 of_) private view returns (uint256) {
        return half.epoch == of_ ? half.burned : 0;
    }

    /// How many slots of an epoch are covered, those included that are burned: burning changes nothing of it.
    function _covered(Half storage half, uint256 gone) private view returns (uint256) {
        return half.amount / slot + _bits(gone);
    }

    /// The slots that a voucher promises.
    function _slots(Voucher calldata voucher) private pure returns (uint256) {
        uint256 count = voucher.count;
        if (count == 0 || voucher.first + count > MOST_SLOTS) revert NoSuchSlots();
        return type(uint256).max >> (MOST_SLOTS - count) << voucher.first;
    }

    /// How many bits are set: pairs are counted, then fours, and so on (as in Hacker's Delight, 5-1).
    function _bits(uint256 word) private pure returns (uint256) {
        unchecked {
            uint256 ones = type(uint256).max;
            word -= (word >> 1) & (ones / 3);
            word = (word & (ones / 5)) + ((word >> 2) & (ones / 5));
            word = (word + (word >> 4)) & (ones / 17);
            // The sum of 32 bytes may be 256, which a byte does not hold: pairs of bytes are summed.
            word = (word & (ones / 257)) + ((word >> 8) & (ones / 257));
            return (word * (ones / 65535)) >> 240;
        }
    }

    function _digest(Voucher calldata voucher) private view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(VOUCHER_TYPE, voucher)));
    }
}
