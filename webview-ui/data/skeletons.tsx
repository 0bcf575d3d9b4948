import { Bone } from '../parts/controls';

// Each of the size of what comes, so that nothing jumps when it does.

export function BarBones() {
  return (
    <>
      <div class="bars">
        {['86%', '60%'].map((width) => (
          <div key={width} class="bar-row">
            <Bone width="56px" />
            <Bone width={width} />
            <span class="num">
              <Bone width="24px" />
            </span>
          </div>
        ))}
      </div>
      <div class="toolbar">
        {['64px', '76px', '96px', '68px'].map((width) => (
          <Bone key={width} width={width} height={22} />
        ))}
      </div>
    </>
  );
}

export function GridBones() {
  return (
    <div class="grid">
      <div class="grid-bones">
        {Array.from({ length: 60 }, (_, i) => (
          <span key={i} class="bone tile-bone" />
        ))}
      </div>
    </div>
  );
}

export function ProblemBones() {
  return (
    <>
      <h3>
        <Bone width="88px" />
      </h3>
      <div class="text-bones">
        <Bone width="62%" />
        <Bone width="48%" />
      </div>
    </>
  );
}
